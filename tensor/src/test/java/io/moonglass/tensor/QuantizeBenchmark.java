package io.moonglass.tensor;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Activations of the released models to 8 bits, on one thread.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
public class QuantizeBenchmark {

    private static final int NUM_COLUMNS = 2048;

    @Param({"1", "64"})
    public int numRows;

    @Param(BenchmarkData.FASTEST)
    public String kernels;

    private final BenchmarkData data = new BenchmarkData();
    private KernelSet measured;
    private FloatMatrix rows;
    private QuantizedRows out;

    @Setup
    public void prepare() {
        measured = BenchmarkData.kernels(kernels);
        rows = data.rows(numRows, NUM_COLUMNS);
        out = data.quantized(rows);
        QuantizedRows expected = data.quantized(rows);
        out.data().fill((byte) 0);
        if (quantize().data().mismatch(expected.data()) >= 0) {
            throw new IllegalStateException(kernels + " kernels round otherwise");
        }
    }

    @Benchmark
    public QuantizedRows quantize() {
        measured.quantize(rows, out);
        return out;
    }

    @TearDown
    public void close() {
        data.close();
    }
}
