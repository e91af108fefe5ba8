package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScalarFallbackTest {

    /// What a JVM prints that was started without the Vector API's module.
    static final class WithoutVectors {
        public static void main(String[] arguments) {
            Arena arena = Arena.global();
            HeadAttention attention =
                    new HeadAttention(
                            HeadQueries.allocate(arena, ElementType.F32, 2),
                            FloatMatrix.allocate(arena, 1, 16),
                            FloatMatrix.allocate(arena, 1, 16),
                            FloatMatrix.allocate(arena, 1, 16),
                            FloatMatrix.allocate(arena, 16, 2));
            attention.reset();
            WeightMatrix rows = TestWeights.of(arena, ElementType.F32, 1, 2, 3, 4);
            attention.attend(rows, rows.data());
            PanelMatrix packed =
                    PanelPacker.pack(
                            arena, TestWeights.of(arena, ElementType.F32, 1, 1, 7), PanelType.Q8);
            System.out.print(
                    "%s %s %s"
                            .formatted(
                                    Kernels.implementation(),
                                    attention.sums().get(0, 1),
                                    packed.numPanels()));
        }
    }

    @Test
    void a_jvm_without_the_vector_module_computes_with_scalar_kernels() throws Exception {
        Process process =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        WithoutVectors.class.getName()))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        String out = new String(process.getInputStream().readAllBytes());

        assertEquals(0, process.waitFor());
        assertEquals("scalar 4.0 1", out);
    }
}
