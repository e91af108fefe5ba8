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

/// Rows times one matrix of an expert of the released models, on one thread. The matrix stays in the
/// cache, so this is what the processor computes, not what memory brings.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
public class PanelProductBenchmark {

    private static final int NUM_OUT = 1408;
    private static final int NUM_IN = 2048;

    @Param({"Q4", "Q8", "Q4A"})
    public PanelType type;

    @Param({"1", "2", "4", "8", "12", "64"})
    public int numRows;

    @Param(BenchmarkData.FASTEST)
    public String kernels;

    private final BenchmarkData data = new BenchmarkData();
    private KernelSet measured;
    private QuantizedRows rows;
    private PanelMatrix weight;
    private FloatMatrix out;

    @Setup
    public void prepare() {
        measured = BenchmarkData.kernels(kernels);
        rows = data.quantized(data.rows(numRows, NUM_IN));
        weight = data.panels(type, NUM_OUT, NUM_IN);
        out = data.zeros(numRows, NUM_OUT);
        FloatMatrix expected = data.zeros(numRows, NUM_OUT);
        new ScalarKernels().linear(rows, weight, expected, 0, weight.numPanels());
        BenchmarkData.check(expected, product(), 0);
    }

    @Benchmark
    public FloatMatrix product() {
        measured.linear(rows, weight, out, 0, weight.numPanels());
        return out;
    }

    @TearDown
    public void close() {
        data.close();
    }
}
