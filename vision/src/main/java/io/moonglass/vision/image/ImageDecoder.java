package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Bytes of a picture to pixels, under limits. The container is read and checked on the calling
/// thread; native decoding runs on a few platform threads of its own, because it would pin a virtual
/// one. Safe to use from any thread.
public final class ImageDecoder implements AutoCloseable {

    private final ImageLimits limits;
    private final PictureStyle style;
    private final ExecutorService threads;

    /// @param numThreads pictures that are decoded at the same time; more wait
    public ImageDecoder(ImageLimits limits, PictureStyle style, int numThreads) {
        this.limits = limits;
        this.style = style;
        this.threads =
                Executors.newFixedThreadPool(
                        numThreads,
                        Thread.ofPlatform().daemon().name("image-decoder-", 0).factory());
    }

    /// Loads OpenCV, which takes a moment and may write to the cache of native libraries.
    public static void loadNatives() {
        OpenCvDecoder.load();
    }

    /// Reads and checks the container of a PNG, JPEG, WebP, GIF or BMP, without decoding a pixel.
    ///
    /// @throws InvalidRequestException if the bytes are none of these, over a limit or cut short
    public EncodedPicture read(byte[] bytes) {
        return EncodedPicture.of(bytes, limits, style);
    }

    /// [#read] and decode in one.
    ///
    /// @throws InvalidRequestException if the bytes are no picture, over a limit, cut short or damaged
    /// @throws CancellationException   if the calling thread is interrupted
    public Picture decode(byte[] bytes) {
        return decode(read(bytes));
    }

    /// Decodes the pixels, of an animation those of the first frame.
    ///
    /// @throws InvalidRequestException if the pixels are damaged
    /// @throws CancellationException   if the calling thread is interrupted
    public Picture decode(EncodedPicture encoded) {
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted();
        }
        Future<Picture> decoding = threads.submit(() -> encoded.decode());
        try {
            return decoding.get();
        } catch (InterruptedException e) {
            decoding.cancel(true);
            Thread.currentThread().interrupt();
            throw interrupted();
        } catch (ExecutionException e) {
            throw unwrapped(e.getCause());
        }
    }

    /// Takes no more pictures; those being decoded are finished.
    @Override
    public void close() {
        threads.close();
    }

    private static CancellationException interrupted() {
        return new CancellationException("interrupted while an image was decoded");
    }

    private static RuntimeException unwrapped(Throwable cause) {
        return switch (cause) {
            case InvalidRequestException refused -> refused;
            case Error error -> throw error;
            default -> new IllegalStateException("the image decoder failed", cause);
        };
    }
}
