package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.document.PageSize;
import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.Picture;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// A document whose structure was read. Pages, which count from 0, are drawn where they are asked for, by one of
/// [MediaWorkers]. One thread at a time, others wait. Nothing is held between two pages but the file itself.
public final class WorkerDocument implements AutoCloseable {

    /// Pages whose sizes are asked for at once.
    private static final int SIZES_AT_ONCE = 64;

    private final MediaWorkers workers;
    private final Command.DocumentSource source;
    private final BooleanSupplier abandoned;
    private final ReentrantLock lock = new ReentrantLock();

    /// Null where a size is not known yet.
    private final PageSize[] sizes;

    WorkerDocument(
            MediaWorkers workers,
            Command.DocumentSource source,
            int numPages,
            BooleanSupplier abandoned) {
        this.workers = workers;
        this.source = source;
        this.abandoned = abandoned;
        this.sizes = new PageSize[numPages];
    }

    public int numPages() {
        return sizes.length;
    }

    /// @throws InvalidRequestException   if the page is damaged, or not read in time
    /// @throws CancellationException     if nobody waits for it, or the thread is interrupted
    /// @throws IndexOutOfBoundsException if there is no such page
    public PageSize pageSize(int page) {
        Objects.checkIndex(page, sizes.length);
        lock.lock();
        try {
            if (sizes[page] == null) {
                try {
                    read(page, Math.min(SIZES_AT_ONCE, sizes.length - page));
                } catch (InvalidRequestException another) {
                    read(page, 1); // one of those after it may be the damaged one
                }
            }
            return sizes[page];
        } finally {
            lock.unlock();
        }
    }

    private void read(int firstPage, int count) {
        PageSize[] read =
                workers.perform(
                        new Command.PageSizes(source, firstPage, count),
                        abandoned,
                        in -> in.pageSizes(count));
        System.arraycopy(read, 0, sizes, firstPage, count);
    }

    /// Draws a page, or a part of it, over white.
    ///
    /// @param width  pixels of the whole page
    /// @param height pixels of the whole page
    /// @param region the part that is wanted; all if empty
    /// @return of mode RGB and the size of what is wanted
    /// @throws InvalidRequestException   if the page cannot be drawn within the limits
    /// @throws CancellationException     if nobody waits for it, or the thread is interrupted
    /// @throws IndexOutOfBoundsException if there is no such page, or the region is not inside it
    public Picture page(int page, int width, int height, Optional<PixelRegion> region) {
        Objects.checkIndex(page, sizes.length);
        PixelRegion wanted = region.orElseGet(() -> PixelRegion.whole(width, height));
        Objects.checkFromIndexSize(wanted.left(), wanted.width(), width);
        Objects.checkFromIndexSize(wanted.top(), wanted.height(), height);
        lock.lock();
        try {
            return workers.perform(
                    new Command.Page(source, page, width, height, wanted),
                    abandoned,
                    in -> in.rgb(wanted.width(), wanted.height()));
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of the file, which may then be deleted. Pages can still be asked for while it is there.
    @Override
    public void close() {
        workers.close(source);
    }
}
