package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.Picture;

/// A document whose pages become pictures one at a time, each at the size that is wanted of it. Pages count from 0.
/// For one thread at a time.
public interface PagedDocument extends AutoCloseable {

    int numPages();

    /// @throws IndexOutOfBoundsException if there is no such page
    /// @throws InvalidRequestException   if the page is damaged or its size is absurd
    PageSize pageSize(int page);

    /// The whole page over white, its sides stretched to the wanted ones.
    ///
    /// @return of mode RGB, `[height, width, 3]`
    /// @throws InvalidRequestException if the page cannot be drawn within the limits
    default Picture render(int page, int width, int height) {
        return render(page, width, height, PixelRegion.whole(width, height));
    }

    /// A part of what [#render(int, int, int)] returns, without the rest in memory.
    ///
    /// @param width  pixels of the whole page
    /// @param height pixels of the whole page
    /// @param region inside the page
    /// @return of mode RGB, `[region.height, region.width, 3]`
    /// @throws InvalidRequestException if the page cannot be drawn within the limits
    Picture render(int page, int width, int height, PixelRegion region);

    @Override
    void close();
}
