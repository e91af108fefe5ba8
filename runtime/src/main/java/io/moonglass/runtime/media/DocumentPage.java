package io.moonglass.runtime.media;

import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.worker.WorkerDocument;
import java.util.Optional;

/// A page of a document, or a part of one, that a worker process draws.
///
/// @param page       from 0
/// @param pageWidth  pixels of the whole page
/// @param pageHeight pixels of the whole page
/// @param region     the part that is shown
record DocumentPage(
        WorkerDocument document, int page, int pageWidth, int pageHeight, PixelRegion region)
        implements EncodedPicture {

    @Override
    public int width() {
        return region.width();
    }

    @Override
    public int height() {
        return region.height();
    }

    @Override
    public Optional<Object> decoder() {
        return Optional.of(document);
    }

    @Override
    public Picture decode() {
        return document.page(page, pageWidth, pageHeight, Optional.of(region));
    }
}
