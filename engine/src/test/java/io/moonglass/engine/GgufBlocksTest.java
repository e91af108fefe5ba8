package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.RelativeError;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.QuantizedPair;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import io.moonglass.tensor.FloatMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Models whose matrices are blocks of GGUF files, beside the same numbers as floats.
class GgufBlocksTest {

    private static final int NUM_TOKENS = 70;

    @TempDir private static Path folderOfModel;

    private static QuantizedPair model;

    @TempDir private Path folder;

    @BeforeAll
    static void makeModel() throws IOException {
        model = QuantizedPair.of(folderOfModel);
    }

    @ParameterizedTest
    @CsvSource({
        "Q2_K, Q2_K, false",
        "Q3_K, Q3_K, false",
        "Q4_K, Q4_K, false",
        "Q5_K, Q5_K, false",
        "Q6_K, Q6_K, false",
        "IQ4_XS, IQ4_XS, false",
        "Q4_K, Q6_K, false",
        "Q4_K, Q6_K, true",
        "Q3_K, Q5_K, true"
    })
    void every_part_of_every_layer_is_what_floats_give(GgmlType most, GgmlType more, boolean isOld)
            throws IOException {
        model.write(folder, most, more, isOld);
        Path floats = pack("decoded", WeightFormat.KEEP, "floats");
        Path kept = pack("blocks", WeightFormat.KEEP, "kept");
        Path rounded = pack("decoded", WeightFormat.Q8, "rounded");
        for (Chunk.Form form : Chunk.Form.values()) {
            Map<String, float[]> wanted = outputs(floats, form);
            Map<String, float[]> found = outputs(kept, form);
            Map<String, float[]> usual = outputs(rounded, form);
            assertEquals(7, wanted.size());
            wanted.forEach((part, values) -> {
                double error = RelativeError.of(values, found.get(part));
                double usualError = RelativeError.of(values, usual.get(part));
                String seen =
                        "%s, %s: %s, of floats in 8 bits %s"
                                .formatted(form, part, error, usualError);
                // What is multiplied is rounded to 8 bits, by which each product is off by half a
                // percent and more.
                assertTrue(error < 0.02, seen);
                // Rounded anew, weights are no nearer to the file's; a tenth is chance.
                assertTrue(error < 1.1 * usualError, seen);
            });
        }
    }

    private Path pack(String pair, WeightFormat format, String target) {
        ModelFiles files = QuantizedPair.files(folder.resolve(pair));
        Path packed = folder.resolve(target);
        PackedModels.pack(files, WeightFormats.of(format), packed, 2, (_, _, _, _) -> {});
        return packed;
    }

    private static Map<String, float[]> outputs(Path model, Chunk.Form form) {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        DecoderObserver keeping =
                new DecoderObserver() {
                    @Override
                    public void attention(int layer, FloatMatrix added) {
                        outputs.put("attention " + layer, added.toArray());
                    }

                    @Override
                    public void feedForward(int layer, FloatMatrix added) {
                        outputs.put("feed-forward " + layer, added.toArray());
                    }
                };
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(model, 2, KvCache.blocksFor(NUM_TOKENS))) {
            int[] tokens = decoder.randomTokens(NUM_TOKENS, 9);
            FloatMatrix normed =
                    decoder.run(new BlockTable(), tokens, 0, NUM_TOKENS, form, arena, keeping);
            outputs.put("logits", decoder.logits(normed, arena).toArray());
        }
        return outputs;
    }
}
