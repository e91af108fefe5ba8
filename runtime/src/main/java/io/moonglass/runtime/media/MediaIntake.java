package io.moonglass.runtime.media;

import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.ImageDecoder;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.ImagePreprocessor;
import java.lang.foreign.Arena;
import java.util.concurrent.Semaphore;

/// Turns pictures of a request into rows for the decoder, under limits. Safe to use from any thread.
public final class MediaIntake implements AutoCloseable {

    private final ImageLimits limits;
    private final ImageDecoder decoder;
    private final ImagePreprocessor preprocessor;
    private final VisionEncoder encoder;
    // One picture at a time: its activations are large, and the encoder has all cores anyway.
    private final Semaphore encoding = new Semaphore(1, true);

    /// @param encoder closed with this
    public MediaIntake(
            ImageLimits limits,
            int numDecoderThreads,
            PreprocessorConfig preprocessorConfig,
            VisionEncoder encoder) {
        this.limits = limits;
        this.decoder = new ImageDecoder(limits, numDecoderThreads);
        this.preprocessor = new ImagePreprocessor(preprocessorConfig);
        this.encoder = encoder;
    }

    /// @param where of the part in its request, for messages
    /// @throws InvalidRequestException if it is no picture, too large or damaged
    public EncodedImage encode(ContentPart.ImageUrl part, String where) {
        try {
            return encode(DataUri.decode(part.url(), limits.maxBytes()));
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    /// @param where of the part in its request, for messages
    /// @throws InvalidRequestException if it is no picture, too large or damaged
    public EncodedImage encode(ContentPart.ImageBytes part, String where) {
        try {
            return encode(part.bytes());
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    @Override
    public void close() {
        decoder.close();
        encoder.close();
    }

    private EncodedImage encode(byte[] bytes) {
        ImagePatches patches = preprocessor.preprocess(decoder.decode(bytes));
        encoding.acquireUninterruptibly();
        try {
            return new EncodedImage(encoder.encode(patches, Arena.ofAuto()));
        } finally {
            encoding.release();
        }
    }
}
