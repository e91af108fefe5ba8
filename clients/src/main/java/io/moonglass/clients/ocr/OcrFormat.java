package io.moonglass.clients.ocr;

/// How a page's text is written.
public enum OcrFormat {
    MARKDOWN,
    TEXT
}
