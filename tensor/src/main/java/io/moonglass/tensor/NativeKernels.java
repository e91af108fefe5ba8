package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The vector kernels, but for what C does better: quantising rows and their products with panels, for which
/// there are instructions that Java cannot express, attention to cache rows, and attention of many queries in
/// bfloat16.
final class NativeKernels extends VectorKernels {

    private static final FunctionDescriptor PANELS =
            FunctionDescriptor.ofVoid(
                    ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG);

    private static final FunctionDescriptor QUANTIZE =
            FunctionDescriptor.of(
                    JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);

    private static final FunctionDescriptor ATTEND =
            FunctionDescriptor.ofVoid(
                    ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS);

    private static final FunctionDescriptor TILES =
            FunctionDescriptor.ofVoid(
                    ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);

    private final String instructionSet;
    private final MethodHandle quantize;
    private final MethodHandle q4;
    private final MethodHandle q8;
    private final MethodHandle q4a;
    private final MethodHandle attendF32;
    private final MethodHandle attendBf16;
    private final MethodHandle tilesBf16;
    private final MethodHandle peak;

    /// @param instructionSet the suffix of the functions; `avx512bf16` has attention of its own and is
    ///     `avx512` in all else
    NativeKernels(NativeLibrary library, String instructionSet) {
        this.instructionSet = instructionSet;
        String base = instructionSet.replace("bf16", "");
        this.quantize = library.function("moonglass_quantize_" + base, QUANTIZE);
        this.q4 = library.function("moonglass_q4_" + base, PANELS);
        this.q8 = library.function("moonglass_q8_" + base, PANELS);
        this.q4a = library.function("moonglass_q4a_" + base, PANELS);
        this.attendF32 = library.function("moonglass_attend_f32_" + base, ATTEND);
        this.attendBf16 = library.function("moonglass_attend_bf16_" + instructionSet, ATTEND);
        this.tilesBf16 = library.function("moonglass_tiles_bf16_" + instructionSet, TILES);
        this.peak =
                library.function(
                        "moonglass_peak_" + base, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    }

    @Override
    public void attend(HeadAttention attention, WeightMatrix rows, MemorySegment next) {
        MethodHandle attend =
                switch (rows.type()) {
                    case F32 -> attendF32;
                    case BF16 -> attendBf16;
                };
        try {
            attend.invokeExact(
                    attention.queries().data(),
                    rows.data(),
                    next,
                    (long) rows.numRows(),
                    (long) rows.numColumns(),
                    (long) attention.sums().numColumns(),
                    attention.scores().data(),
                    attention.maxima().data(),
                    attention.totals().data(),
                    attention.sums().data());
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    /// Floats are the vector kernels' task: C would do the same.
    @Override
    public void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride) {
        if (tiles.type() == ElementType.F32) {
            super.attend(
                    queries,
                    tiles,
                    firstVisible,
                    visibleStep,
                    begins,
                    ends,
                    scratch,
                    out,
                    outOffset,
                    outStride);
            return;
        }
        try {
            tilesBf16.invokeExact(
                    queries.data(),
                    (long) queries.numRows(),
                    tiles.keys(),
                    tiles.values(),
                    (long) tiles.keyDim() / 2,
                    (long) tiles.valueDim(),
                    (long) tiles.numKeys(),
                    (long) firstVisible,
                    (long) visibleStep,
                    begins ? 1L : 0L,
                    ends ? 1L : 0L,
                    scratch,
                    out.asSlice(outOffset * Float.BYTES),
                    outStride);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
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

    /// Blocks whose values are no finite numbers are the vector kernels' task.
    @Override
    public void quantize(FloatMatrix x, QuantizedRows out, int fromBlock, int toBlock) {
        long done;
        try {
            done =
                    (long)
                            quantize.invokeExact(
                                    x.data(),
                                    (long) x.numRows(),
                                    (long) x.numColumns(),
                                    out.data(),
                                    (long) fromBlock,
                                    (long) toBlock);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
        if (done == 0) {
            super.quantize(x, out, fromBlock, toBlock);
        }
    }

    @Override
    public void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        MethodHandle panels =
                switch (weight.type()) {
                    case Q4 -> q4;
                    case Q8 -> q8;
                    case Q4A -> q4a;
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
