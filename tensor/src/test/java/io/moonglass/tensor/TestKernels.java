package io.moonglass.tensor;

import java.util.ArrayList;
import java.util.List;

/// The kernels of a library for tests that compare them.
final class TestKernels {

    private TestKernels() {}

    /// One for every instruction set that this processor has.
    static List<NativeKernels> natives() {
        NativeLibrary library = NativeLibrary.load().orElseThrow();
        List<String> sets =
                switch (library.instructionSet().orElseThrow()) {
                    case "avx512bf16" -> List.of("avx512bf16", "avx512", "avx2");
                    case "avx512" -> List.of("avx512", "avx2");
                    case String only -> List.of(only);
                };
        return sets.stream().map(set -> new NativeKernels(library, set)).toList();
    }

    /// All but the scalar ones.
    static List<KernelSet> others() {
        List<KernelSet> others = new ArrayList<>(natives());
        others.add(new VectorKernels());
        return others;
    }
}
