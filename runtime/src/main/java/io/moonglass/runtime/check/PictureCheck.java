package io.moonglass.runtime.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImageDecoder;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.image.RgbImage;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Compares preprocessing and vision encoder with recorded outputs.
final class PictureCheck implements AutoCloseable {

    /// What becomes of a picture: `fitted` for the eye, `patches` for the encoder.
    private record Prepared(RgbImage fitted, ImagePatches patches) {}

    /// What a recorded tensor's name means.
    private record Output(String picture, String name) {}

    private final CheckReport report;
    private final GoldenFolder golden;
    private final Arena arena;
    private final PreprocessorConfig config;
    private final ImagePreprocessor preprocessor;
    private final VisionEncoder encoder;
    private final ImageDecoder decoder =
            new ImageDecoder(ImageLimits.DEFAULT, PictureStyle.UPSTREAM, 1);
    private final Map<Path, Prepared> prepared = new HashMap<>();
    private final Map<Path, Map<String, FloatMatrix>> encoded = new HashMap<>();

    /// @param encoder with intermediate outputs; closed with this
    PictureCheck(
            CheckReport report,
            GoldenFolder golden,
            Arena arena,
            PreprocessorConfig config,
            VisionEncoder encoder) {
        this.report = report;
        this.golden = golden;
        this.arena = arena;
        this.config = config;
        this.preprocessor = new ImagePreprocessor(config);
        this.encoder = encoder;
    }

    /// image_sizes.json: sizes only, for limits of its own.
    void imageSizes(JsonNode sizes) {
        for (JsonNode size : sizes) {
            PreprocessorConfig limited =
                    new PreprocessorConfig(
                            config.patchSize(),
                            size.get("in_token_limit").asInt(),
                            true,
                            config.imageMean(),
                            config.imageStd(),
                            config.mergeSize());
            report.equal("image_sizes", expectedSize(size), sizeOf(size, limited));
        }
    }

    private static List<Integer> expectedSize(JsonNode size) {
        return size.get("rejected").asBoolean()
                ? List.of()
                : List.of(
                        size.get("padded_wh").get(0).asInt(),
                        size.get("padded_wh").get(1).asInt(),
                        size.get("grid_hw").get(0).asInt(),
                        size.get("grid_hw").get(1).asInt(),
                        size.get("tokens").asInt());
    }

    private static List<Integer> sizeOf(JsonNode size, PreprocessorConfig limited) {
        try {
            FittedSize fitted =
                    new ImagePreprocessor(limited)
                            .fittedSize(
                                    size.get("size_wh").get(0).asInt(),
                                    size.get("size_wh").get(1).asInt());
            return List.of(
                    fitted.width(),
                    fitted.height(),
                    fitted.gridHeight(),
                    fitted.gridWidth(),
                    fitted.numTokens());
        } catch (InvalidRequestException e) {
            return List.of();
        }
    }

    /// preprocess.safetensors.
    void preprocessing(SafetensorsFile file) {
        for (StoredTensor tensor : file.tensors().values()) {
            Optional<Output> found = output("preprocess/", tensor);
            if (found.isEmpty()) {
                continue;
            }
            Prepared image = prepared(found.get().picture);
            String group = "preprocess/" + found.get().name;
            switch (found.get().name) {
                case "fitted_rgb" ->
                        report.integers(group, tensor.integers(), bytes(image.fitted.rgb()));
                case "patches" ->
                        report.exactFloats(group, tensor.floats(), image.patches.patches());
                case "grid_hw" -> report.integers(group, tensor.integers(), grid(image.patches));
                default -> report.impossible(group, "no such output");
            }
        }
    }

    /// vision.safetensors.
    void vision(SafetensorsFile file) {
        for (StoredTensor tensor : file.tensors().values()) {
            Optional<Output> found = output("vision/", tensor);
            if (found.isEmpty()) {
                continue;
            }
            String group = "vision/" + found.get().name;
            FloatMatrix actual = encoded(found.get().picture).get(found.get().name);
            if (actual == null) {
                report.impossible(group, "no such output");
            } else {
                report.floats(group, tensor.floats(), actual.toArray());
            }
        }
    }

    /// Takes `picture.output` apart, where both halves may have dots of their own; a name that no
    /// picture stands before is a failure.
    private Optional<Output> output(String groupPrefix, StoredTensor tensor) {
        String name = tensor.name();
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            if (has(name.substring(0, dot))) {
                return Optional.of(new Output(name.substring(0, dot), name.substring(dot + 1)));
            }
        }
        report.impossible(groupPrefix + name, "no picture of this name in images/");
        return Optional.empty();
    }

    boolean has(String picture) {
        return golden.imageFile(picture).isPresent();
    }

    ImagePatches patches(String name) {
        return prepared(name).patches;
    }

    /// A picture's rows for the decoder.
    FloatMatrix projected(String name) {
        return encoded(name).get("projected");
    }

    static long[] grid(ImagePatches patches) {
        return new long[] {patches.gridHeight(), patches.gridWidth()};
    }

    @Override
    public void close() {
        decoder.close();
        encoder.close();
    }

    private Prepared prepared(String picture) {
        return prepared.computeIfAbsent(
                golden.imageFile(picture).orElseThrow(),
                file -> {
                    RgbImage fitted = preprocessor.fit(decoder.decode(GoldenFolder.bytes(file)));
                    return new Prepared(fitted, preprocessor.patchify(fitted));
                });
    }

    private Map<String, FloatMatrix> encoded(String picture) {
        return encoded.computeIfAbsent(
                golden.imageFile(picture).orElseThrow(),
                _ -> encoder.encodeWithIntermediates(prepared(picture).patches, arena));
    }

    private static long[] bytes(byte[] rgb) {
        long[] values = new long[rgb.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = rgb[i] & 0xff;
        }
        return values;
    }
}
