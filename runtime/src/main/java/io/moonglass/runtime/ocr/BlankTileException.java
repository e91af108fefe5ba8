package io.moonglass.runtime.ocr;

/// There is nothing to read: a page, or a tile of one, is of a single colour. Models that are asked for its text make
/// some up, so none is asked.
public final class BlankTileException extends RuntimeException {

    public BlankTileException() {
        super("a page or tile of a single colour");
    }
}
