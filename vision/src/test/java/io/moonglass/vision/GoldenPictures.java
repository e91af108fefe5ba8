package io.moonglass.vision;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.vision.image.ImageDecoder;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;

/// The recorded pictures, as the code under test reads them.
public final class GoldenPictures {

    public static final List<String> NAMES =
            List.of(
                    "odd_37x91",
                    "square_224x224",
                    "wide_300x140",
                    "exact_112x112",
                    "over_limit_401x333",
                    "frame_0",
                    "frame_1",
                    "frame_2",
                    "frame_3");

    private GoldenPictures() {}

    public static List<String> names() {
        return NAMES;
    }

    public static byte[] bytes(String name) {
        try {
            return Files.readAllBytes(TestModels.golden().resolve("images").resolve(name + ".png"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Picture decoded(String name) {
        try (ImageDecoder decoder =
                new ImageDecoder(ImageLimits.DEFAULT, PictureStyle.UPSTREAM, 1)) {
            return decoder.decode(bytes(name));
        }
    }

    public static ImagePreprocessor preprocessor() {
        return new ImagePreprocessor(PreprocessorConfig.read(TestModels.tinyRandom()));
    }
}
