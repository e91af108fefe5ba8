package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class KernelChoiceTest {

    @Test
    void what_was_asked_for_is_said_to_be() {
        assertEquals("scalar (asked for)", KernelChoice.of("scalar").description());
        assertEquals("vector (asked for)", KernelChoice.of("vector").description());
    }

    @Test
    void a_slower_choice_says_why_no_faster_one_was_to_be_had() {
        assertEquals(
                "vector (no native ones: no compiler)",
                KernelChoice.fastest(KernelChoiceTest::noCompiler, VectorKernels::new)
                        .description());
        assertEquals(
                "scalar (no native ones: no compiler; no vector ones:"
                        + " java.lang.NoClassDefFoundError: no module)",
                KernelChoice.fastest(
                                KernelChoiceTest::noCompiler,
                                () -> {
                                    throw new NoClassDefFoundError("no module");
                                })
                        .description());
    }

    @Test
    void the_older_instruction_set_says_what_the_processor_lacks() {
        NativeLibrary library = NativeLibrary.load().orElseThrow();
        String best = library.instructionSet().orElse("none");
        assumeTrue(best.startsWith("avx512"), "no x86-64 processor with AVX-512");

        assertEquals(
                "native " + best,
                KernelChoice.fastest(KernelChoice::nativeKernels, VectorKernels::new)
                        .description());
        assertEquals(
                "native avx2 (the processor has no AVX-512 with VNNI)",
                KernelChoice.fastest(() -> new NativeKernels(library, "avx2"), VectorKernels::new)
                        .description());
    }

    @Test
    void a_kind_that_there_is_not_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> KernelChoice.of("quick"));
    }

    private static NativeKernels noCompiler() {
        throw new UnsupportedOperationException("no compiler");
    }
}
