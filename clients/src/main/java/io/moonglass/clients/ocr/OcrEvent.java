package io.moonglass.clients.ocr;

import io.moonglass.clients.Usage;

/// What happens while a document is read, page by page and in order.
public sealed interface OcrEvent {

    /// @param page       its number, from 1
    /// @param pages      pages that the document has
    /// @param dimensions null if the page could not be opened
    record PageStarted(int page, int pages, OcrPage.Dimensions dimensions, int tiles)
            implements OcrEvent {}

    /// More of a page's text.
    record PageDelta(int page, String delta) implements OcrEvent {}

    /// A page was read, or cannot be.
    record PageDone(OcrPage page) implements OcrEvent {}

    /// All pages are read.
    record Done(String model, int documentPages, int pagesProcessed, Usage usage)
            implements OcrEvent {}
}
