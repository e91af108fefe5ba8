package io.moonglass.runtime.ocr;

import java.util.OptionalInt;
import java.util.OptionalLong;

/// Which pages of a document are wanted, and how they are drawn.
///
/// @param pages     the wanted ones
/// @param dpi       at which pages are drawn, unless they would be too large; empty for what small print needs
/// @param maxPixels of one tile; empty for the model's own limit
public record PageWish(PageRanges pages, OptionalInt dpi, OptionalLong maxPixels) {}
