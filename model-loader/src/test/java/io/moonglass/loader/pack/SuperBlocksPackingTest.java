package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufRewrite;
import io.moonglass.loader.gguf.QuantizedPair;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Matrices in blocks of 256, which the small recorded model has no rows for.
class SuperBlocksPackingTest {

    private static final String LAYER = "language_model.model.layers.1.";

    @TempDir private static Path folderOfModel;

    private static QuantizedPair model;

    @TempDir private Path folder;

    @BeforeAll
    static void makeModel() throws IOException {
        model = QuantizedPair.of(folderOfModel);
    }

    /// What rounding costs at most: an eighth bit is half a percent of a block's usual weight.
    @ParameterizedTest
    @CsvSource({
        "Q3_K, Q8, 0",
        "IQ4_XS, Q8, 0.0005",
        "Q4_K, Q4A, 0.0005",
        "Q2_K, Q8, 0.006",
        "Q5_K, Q8, 0.006",
        "Q6_K, Q8, 0.006"
    })
    void blocks_of_256_keep_what_panels_hold(GgmlType type, PanelType panels, double most)
            throws IOException {
        model.write(folder, type, type, false);
        Map<String, PackReport.Tensor> report = pack();

        GgufRewrite stored = new GgufRewrite(folder.resolve("blocks/decoder.gguf"));
        try (Checkpoint packed = Checkpoint.open(folder.resolve("packed"))) {
            check(LAYER + "self_attn.q_proj.weight", "blk.1.attn_q.weight", packed, stored, most);
            check("language_model.lm_head.weight", "output.weight", packed, stored, most);
            String experts = "blk.1.ffn_gate_exps.weight";
            check(LAYER + "mlp.experts.0.gate_proj.weight", experts, packed, stored, most);
            assertEquals(
                    panels, packed.panels("language_model.lm_head.weight").orElseThrow().type());
        }
        double reported = report.get("output.weight").relativeError();
        assertTrue(most == 0 ? reported == 0 : reported > 0 && reported < most, "" + reported);
    }

    private static void check(
            String name, String storedName, Checkpoint packed, GgufRewrite stored, double most) {
        PackManifest.PanelShape shape = packed.panels(name).orElseThrow();
        PanelMatrix matrix = packed.panels(name, shape.numRows(), shape.numColumns()).orElseThrow();
        float[] wanted = stored.floats(storedName);
        float[] found = new float[matrix.numRows() * matrix.numColumns()]; // of a stack the first
        double squares = 0;
        double errors = 0;
        for (int row = 0; row < matrix.numRows(); row++) {
            matrix.widenRow(row, found, row * matrix.numColumns());
        }
        for (int i = 0; i < found.length; i++) {
            squares += (double) wanted[i] * wanted[i];
            errors += Math.pow((double) wanted[i] - found[i], 2);
            assertTrue(most > 0 || wanted[i] == found[i], name + " at " + i);
        }
        double error = Math.sqrt(errors / squares);
        assertTrue(error <= most, name + " lost " + error);
    }

    /// As files are whose names end in Q4_K_M.
    @Test
    void each_matrix_of_a_mixture_goes_where_its_blocks_go() throws IOException {
        model.write(folder, GgmlType.Q4_K, GgmlType.Q6_K, false);
        Map<String, PackReport.Tensor> report = pack();

        assertForms(report, "token_embd.weight", "Q4_K", "q4a");
        assertForms(report, "output.weight", "Q6_K", "q8");
        assertForms(report, "blk.1.ffn_up_exps.weight", "Q4_K", "q4a");
        assertForms(report, "blk.1.ffn_down_exps.weight", "Q5_0", "q8");
        assertForms(report, "blk.2.ffn_down_exps.weight", "Q8_0", "q8");
        assertForms(report, "blk.1.attn_k_b.weight", "Q5_0", "q8");
        assertForms(report, "v.blk.0.ffn_up.weight", "F16", "q8");
        assertForms(report, "blk.1.ffn_gate_inp.weight", "F32", "f32");
        assertEquals(0, report.get("blk.1.ffn_down_exps.weight").relativeError());
    }

    private static void assertForms(
            Map<String, PackReport.Tensor> report, String name, String from, String to) {
        assertArrayEquals(
                new String[] {from, to},
                new String[] {report.get(name).from(), report.get(name).to()},
                name);
    }

    private Map<String, PackReport.Tensor> pack() {
        PackReport report =
                PackedModels.pack(
                        QuantizedPair.files(folder.resolve("blocks")),
                        WeightFormats.of(WeightFormat.KEEP),
                        folder.resolve("packed"),
                        2,
                        (_, _, _, _) -> {});
        Map<String, PackReport.Tensor> tensors = new HashMap<>();
        report.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        return tensors;
    }
}
