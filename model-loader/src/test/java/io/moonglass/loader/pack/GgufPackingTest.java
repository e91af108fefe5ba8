package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufPair;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelType;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufPackingTest {

    private static final PackProgress SILENT = (_, _, _, _) -> {};
    private static final Path MODEL = TestModels.tinyRandom();

    @TempDir private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void a_pair_of_floats_has_every_number_of_its_checkpoint(GgmlType type) {
        try (Checkpoint source = Checkpoint.open(MODEL);
                Checkpoint packed = Checkpoint.open(pack(pair(type), WeightFormat.KEEP))) {
            TensorShapes.of(source.config())
                    .forEach((name, shape) -> {
                        assertArrayEquals(shape, packed.tensor(name).shape(), name);
                        assertArrayEquals(
                                source.tensor(name).floats(), packed.tensor(name).floats(), name);
                    });
        }
    }

    @Test
    void configuration_and_tokens_come_back_from_the_keys() {
        Path packed = pack(pair(GgmlType.F32), WeightFormat.KEEP);

        assertEquals(ModelConfig.read(MODEL), ModelConfig.read(packed));
        PreprocessorConfig wanted = PreprocessorConfig.read(MODEL);
        PreprocessorConfig found = PreprocessorConfig.read(packed);
        assertEquals(wanted.inTokenLimit(), found.inTokenLimit());
        assertArrayEquals(wanted.imageMean(), found.imageMean());
        assertTrue(found.padInput());
        Tokenizer before = Tokenizer.read(MODEL);
        Tokenizer after = Tokenizer.read(packed);
        assertEquals(before.numBaseTokens(), after.numBaseTokens());
        for (int id = 0; id < before.vocabularySize(); id++) {
            assertArrayEquals(before.tokenBytes(id), after.tokenBytes(id));
        }
        assertEquals(
                before.stopIds(GenerationConfig.read(MODEL)),
                after.stopIds(GenerationConfig.read(packed)));
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0"})
    void blocks_become_panels_without_loss(GgmlType type) {
        PanelType panels = type == GgmlType.Q4_0 ? PanelType.Q4 : PanelType.Q8;
        String name = "language_model.model.layers.1.mlp.experts.3.gate_proj.weight";
        ModelFiles pair = pair(type);
        try (Checkpoint packed = Checkpoint.open(pack(pair, WeightFormat.KEEP));
                Checkpoint rounded = Checkpoint.open(packCheckpoint(panels))) {
            assertEquals(panels, packed.panels(name).orElseThrow().type());
            assertArrayEquals(rows(rounded, name), rows(packed, name));
        }
    }

    private Path packCheckpoint(PanelType type) {
        Path target = folder.resolve("rounded");
        WeightFormat format = type == PanelType.Q4 ? WeightFormat.Q4 : WeightFormat.Q8;
        PackedModels.pack(MODEL, WeightFormats.of(format), target, 2, SILENT);
        return target;
    }

    private ModelFiles pair(GgmlType type) {
        Path pair = folder.resolve(type.name());
        GgufPair.write(MODEL, type, pair, 2, SILENT);
        return new ModelFiles.Gguf(
                pair.resolve(GgufPair.DECODER), Optional.of(pair.resolve(GgufPair.VISION)));
    }

    private Path pack(ModelFiles model, WeightFormat format) {
        Path target = folder.resolve("packed");
        PackReport report = PackedModels.pack(model, WeightFormats.of(format), target, 2, SILENT);
        report.lines().forEach(System.out::println);
        return target;
    }

    private static float[] rows(Checkpoint checkpoint, String name) {
        PackManifest.PanelShape shape = checkpoint.panels(name).orElseThrow();
        PanelMatrix matrix =
                checkpoint.panels(name, shape.numRows(), shape.numColumns()).orElseThrow();
        float[] rows = new float[matrix.numRows() * matrix.numColumns()];
        for (int row = 0; row < matrix.numRows(); row++) {
            matrix.widenRow(row, rows, row * matrix.numColumns());
        }
        return rows;
    }
}
