package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// The vector kernels, with products of quantised panels in C: there are instructions for them that
/// Java cannot express.
final class NativeKernels extends VectorKernels {

    private static final FunctionDescriptor PANELS =
            FunctionDescriptor.ofVoid(
                    ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG);

    private final String instructionSet;
    private final MethodHandle q4;
    private final MethodHandle q8;
    private final MethodHandle peak;

    /// @param instructionSet the suffix of the functions
    NativeKernels(NativeLibrary library, String instructionSet) {
        this.instructionSet = instructionSet;
        this.q4 = library.function("moonglass_q4_" + instructionSet, PANELS);
        this.q8 = library.function("moonglass_q8_" + instructionSet, PANELS);
        this.peak =
                library.function(
                        "moonglass_peak_" + instructionSet,
                        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    }

    /// Computes as fast as the processor can, in registers alone.
    ///
    /// @return operations that were done
    long peak(long rounds) {
        try {
            return (long) peak.invokeExact(rounds);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    @Override
    public String name() {
        return "native " + instructionSet;
    }

    @Override
    public void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        MethodHandle panels =
                switch (weight.type()) {
                    case Q4 -> q4;
                    case Q8 -> q8;
                };
        try {
            panels.invokeExact(
                    weight.data(),
                    (long) weight.numBlocks(),
                    x.data(),
                    (long) x.numRows(),
                    out.data(),
                    (long) out.numColumns(),
                    (long) fromPanel,
                    (long) toPanel);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}
