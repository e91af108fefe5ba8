package io.moonglass.runtime.ocr;

import io.moonglass.runtime.ContentPart;
import java.util.List;
import java.util.OptionalInt;

/// A page as it is read: whole, or in tiles that each fit the model.
///
/// @param number  from 1, in its document
/// @param width   pixels of the whole page
/// @param height  pixels of the whole page
/// @param dpi     at which it is drawn; empty for a picture
/// @param columns of tiles
/// @param tiles   left to right, top to bottom
public record OcrPage(
        int number,
        int width,
        int height,
        OptionalInt dpi,
        int columns,
        List<ContentPart.Picture> tiles) {

    public OcrPage {
        tiles = List.copyOf(tiles);
    }
}
