package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.vision.image.Picture;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What pictures are told apart by: pixels as decoded, with their size and kind; all settings and weights
/// that make rows of them; and whose they are, because nobody shall learn from the time an answer takes
/// what others have sent. Safe to use from any thread.
final class PictureDigests {

    /// Pictures whose pixels are remembered by their bytes; a hundred bytes or so each.
    private static final int MAX_KNOWN = 4096;

    private final Digest settings;
    private final Map<Digest, Digest> pixelsOfBytes =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Digest, Digest> eldest) {
                    return size() > MAX_KNOWN;
                }
            };

    /// @param revision stands for the weights and for what computes with them
    PictureDigests(PreprocessorConfig config, Digest revision) {
        DigestBuilder all =
                new DigestBuilder()
                        .add(revision)
                        .add(config.patchSize())
                        .add(config.inTokenLimit())
                        .add(config.padInput() ? 1 : 0)
                        .add(config.mergeSize());
        for (double mean : config.imageMean()) {
            all.add(Double.doubleToLongBits(mean));
        }
        for (double std : config.imageStd()) {
            all.add(Double.doubleToLongBits(std));
        }
        this.settings = all.build();
    }

    /// Of a picture as it was sent.
    static Digest ofBytes(byte[] bytes) {
        return new DigestBuilder().add(bytes).build();
    }

    /// Of a picture whose bytes were decoded earlier; empty where they were not.
    Optional<Digest> find(ImageInput image, RequestScope scope) {
        synchronized (pixelsOfBytes) {
            return Optional.ofNullable(pixelsOfBytes.get(sent(image)))
                    .map(pixels -> scoped(pixels, image, scope));
        }
    }

    /// Of a picture that was decoded now.
    Digest of(ImageInput image, Picture decoded, RequestScope scope) {
        Digest pixels =
                new DigestBuilder()
                        .add(decoded.width())
                        .add(decoded.height())
                        .add(decoded.mode().name())
                        .add(Double.doubleToLongBits(decoded.extent().width()))
                        .add(Double.doubleToLongBits(decoded.extent().height()))
                        .add(decoded.pixels())
                        .build();
        synchronized (pixelsOfBytes) {
            pixelsOfBytes.put(sent(image), pixels);
        }
        return scoped(pixels, image, scope);
    }

    /// The bytes, and the size that is wanted of them: it may decide at which part of its size a picture is decoded.
    private static Digest sent(ImageInput image) {
        return new DigestBuilder()
                .add(image.encoded())
                .add(image.size().shrunkWidth())
                .add(image.size().shrunkHeight())
                .build();
    }

    /// The same pixels make other rows where a caller wants them smaller.
    private Digest scoped(Digest pixels, ImageInput image, RequestScope scope) {
        return new DigestBuilder()
                .add(settings)
                .add(scope.tenant())
                .add(scope.cacheSalt())
                .add(image.size().shrunkWidth())
                .add(image.size().shrunkHeight())
                .add(pixels)
                .build();
    }
}
