package io.moonglass.runtime.media;

import io.moonglass.runtime.ocr.OcrPage;
import io.moonglass.runtime.ocr.OpenPages;
import java.util.function.IntFunction;

/// The wanted pages of something that was opened.
///
/// @param numPages all that it has
/// @param wanted   the wanted ones, from 0
/// @param pages    makes one of its number from 0
/// @param release  called by every [#close()]
record WantedPages(int numPages, int[] wanted, IntFunction<OcrPage> pages, Runnable release)
        implements OpenPages {

    @Override
    public int numWanted() {
        return wanted.length;
    }

    @Override
    public int number(int index) {
        return wanted[index] + 1;
    }

    @Override
    public OcrPage page(int index) {
        return pages.apply(wanted[index]);
    }

    @Override
    public void close() {
        release.run();
    }
}
