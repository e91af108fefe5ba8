package io.moonglass.tensor;

import java.util.function.Supplier;

/// Which kernels this process computes with, and why no faster ones.
///
/// @param remark empty if there are no faster ones
record KernelChoice(KernelSet kernels, String remark) {

    private static final System.Logger LOG = System.getLogger(KernelChoice.class.getName());

    /// @param forced the kind that was asked for; empty for the fastest
    static KernelChoice of(String forced) {
        return switch (forced) {
            case "scalar" -> new KernelChoice(new ScalarKernels(), "asked for");
            case "vector" -> new KernelChoice(new VectorKernels(), "asked for");
            case "native" -> withItsRemark(nativeKernels());
            // lambdas, so that a class that cannot be linked is a fault of the call
            case "" -> fastest(() -> nativeKernels(), () -> new VectorKernels());
            default ->
                    throw new IllegalArgumentException(
                            "-Dmoonglass.kernels=%s; want scalar, vector or native"
                                    .formatted(forced));
        };
    }

    /// @param nativeKernels not to be had where this throws
    /// @param vectorKernels likewise
    static KernelChoice fastest(
            Supplier<NativeKernels> nativeKernels, Supplier<VectorKernels> vectorKernels) {
        try {
            return withItsRemark(nativeKernels.get());
        } catch (LinkageError | UnsupportedOperationException e) {
            LOG.log(System.Logger.Level.WARNING, "No native kernels: {0}", e.getMessage());
            String remark = "no native ones: " + e.getMessage();
            return vectorIfPossible(vectorKernels, remark);
        }
    }

    /// The incubating module is missing unless the JVM was started with it.
    private static KernelChoice vectorIfPossible(
            Supplier<VectorKernels> vectorKernels, String remark) {
        try {
            return new KernelChoice(vectorKernels.get(), remark);
        } catch (LinkageError | UnsupportedOperationException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "No vector kernels ({0}); using scalar ones, which are many times slower. Start"
                            + " the JVM with --add-modules jdk.incubator.vector",
                    e.toString());
            return new KernelChoice(new ScalarKernels(), remark + "; no vector ones: " + e);
        }
    }

    /// @throws UnsupportedOperationException if the build made none or the processor has none of their
    ///     instruction sets
    static NativeKernels nativeKernels() {
        NativeLibrary library =
                NativeLibrary.load()
                        .orElseThrow(() ->
                                new UnsupportedOperationException(
                                        "the build found no C compiler (cc)"));
        String instructionSet =
                library.instructionSet()
                        .orElseThrow(() ->
                                new UnsupportedOperationException(
                                        "the processor has no AVX2 or dot products"));
        return new NativeKernels(library, instructionSet);
    }

    private static KernelChoice withItsRemark(NativeKernels kernels) {
        return new KernelChoice(
                kernels,
                kernels.name().endsWith("avx2") ? "the processor has no AVX-512 with VNNI" : "");
    }

    /// The kernels' name, and the remark in brackets.
    String description() {
        return remark.isEmpty() ? kernels.name() : kernels.name() + " (" + remark + ")";
    }
}
