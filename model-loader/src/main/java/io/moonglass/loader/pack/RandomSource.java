package io.moonglass.loader.pack;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Random weights of any configuration, the same for every run. Matrices have the variance that keeps
/// activations of about one size through all layers; norms are ones, biases zeros. What layers add is
/// small beside the embedding, so that tokens stay different and go to all experts alike.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3
/// (weights of what is added are divided by the square root of the number of additions).
final class RandomSource implements WeightSource {

    private static final String PREPROCESSOR = "preprocessor_config.json";

    private final Path configFile;
    private final ModelConfig config;
    private final Map<String, PackedFile.Entry> tensors = new LinkedHashMap<>();

    RandomSource(Path configFile, ConfigSection section) {
        this.configFile = configFile;
        this.config = ModelConfig.from(section);
        TensorShapes.of(config)
                .forEach((name, shape) ->
                        tensors.put(name, new PackedFile.Entry(ElementKind.BF16, shape)));
    }

    @Override
    public PackLayout layout(WeightFormats formats) {
        boolean isQuantized = formats.decoder().panels().isPresent();
        LatentSplit split = new LatentSplit(config.text());
        return PackLayout.of(split.tensors(tensors, isQuantized), formats);
    }

    @Override
    public void writePanel(String name, int panel, PanelMatrix target, int member) {
        target.fillPanel(
                0,
                new SplittableRandom(name.hashCode() * 31L + panel),
                (float) deviation(name, target.numColumns()));
    }

    @Override
    public void writeElements(
            String name, ElementKind kind, long from, long to, MemorySegment target) {
        SplittableRandom random = new SplittableRandom(name.hashCode() * 31L + from);
        long[] shape = tensors.get(name).shape();
        long numInputs = Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
        // uniform between -1 and 1 has a variance of 1/3
        float most = (float) (Math.sqrt(3) * deviation(name, numInputs));
        for (long i = from; i < to; i++) {
            float value =
                    shape.length > 1
                            ? (float) random.nextDouble(-most, most)
                            : name.contains("norm") && name.endsWith(".weight") ? 1 : 0;
            Elements.set(target, kind, i - from, value);
        }
    }

    private double deviation(String name, long numInputs) {
        if (name.endsWith("embed_tokens.weight")) {
            return 1;
        }
        boolean added = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
        int numAdditions = added ? 2 * config.text().numLayers() : 1;
        return 1 / Math.sqrt((double) numInputs * numAdditions);
    }

    @Override
    public void writeCompanions(Path directory) throws IOException {
        Files.copy(configFile, directory.resolve("config.json"));
        Path preprocessor = configFile.resolveSibling(PREPROCESSOR);
        if (Files.exists(preprocessor)) {
            Files.copy(preprocessor, directory.resolve(PREPROCESSOR));
        } else {
            Files.writeString(directory.resolve(PREPROCESSOR), "{\"pad_input\": true}\n");
        }
        new StandInTokenizer(config).write(directory);
    }

    @Override
    public Map<String, String> hashes() {
        return Map.of();
    }

    @Override
    public List<String> state() {
        return List.of();
    }
}
