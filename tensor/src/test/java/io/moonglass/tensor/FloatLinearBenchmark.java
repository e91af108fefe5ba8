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

/// Rows times a matrix that is not quantised, on one thread.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
public class FloatLinearBenchmark {

    private static final int NUM_OUT = 512;
    private static final int NUM_IN = 2048;

    @Param({"F32", "BF16"})
    public ElementType type;

    @Param({"1", "4", "64"})
    public int numRows;

    @Param(BenchmarkData.FASTEST)
    public String kernels;

    private final BenchmarkData data = new BenchmarkData();
    private KernelSet measured;
    private FloatMatrix rows;
    private WeightMatrix weight;
    private FloatMatrix out;

    @Setup
    public void prepare() {
        measured = BenchmarkData.kernels(kernels);
        rows = data.rows(numRows, NUM_IN);
        weight = data.weight(type, NUM_OUT, NUM_IN);
        out = data.zeros(numRows, NUM_OUT);
        FloatMatrix expected = data.zeros(numRows, NUM_OUT);
        new ScalarKernels().linear(rows, weight, expected, 0, NUM_OUT);
        BenchmarkData.check(expected, product(), 1e-5f);
    }

    @Benchmark
    public FloatMatrix product() {
        measured.linear(rows, weight, out, 0, NUM_OUT);
        return out;
    }

    @TearDown
    public void close() {
        data.close();
    }
}
