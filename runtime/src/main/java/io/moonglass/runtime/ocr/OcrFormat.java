package io.moonglass.runtime.ocr;

/// What a page is read as.
public enum OcrFormat {
    /// Line by line, as it stands on the page.
    TEXT,
    /// Paragraphs, headings, lists and tables; a paragraph may be one long line.
    MARKDOWN
}
