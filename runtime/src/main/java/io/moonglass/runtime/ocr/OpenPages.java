package io.moonglass.runtime.ocr;

import io.moonglass.loader.fault.InvalidRequestException;

/// A document or picture that was opened to be read page by page. Files stay until it is closed. For one thread.
public interface OpenPages extends AutoCloseable {

    /// All pages of the document, wanted or not.
    int numPages();

    /// How many are wanted.
    int numWanted();

    /// A wanted page's number in the document, from 1.
    int number(int index);

    /// @param index of the wanted pages, from 0
    /// @throws InvalidRequestException if this page is damaged
    OcrPage page(int index);

    @Override
    void close();
}
