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

/// One panel of an expert's matrix from bfloat16, on one thread: 64 KiB of source.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
public class PackingBenchmark {

    private static final int NUM_COLUMNS = 2048;

    @Param({"Q4", "Q8", "Q4A"})
    public PanelType type;

    @Param(BenchmarkData.FASTEST)
    public String kernels;

    private final BenchmarkData data = new BenchmarkData();
    private PanelPacker packer;
    private WeightMatrix source;
    private PanelMatrix target;

    @Setup
    public void prepare() {
        packer = new PanelPacker(BenchmarkData.kernels(kernels));
        source = data.weight(ElementType.BF16, PanelMatrix.PANEL_ROWS, NUM_COLUMNS);
        target = data.panels(type, PanelMatrix.PANEL_ROWS, NUM_COLUMNS);
        PanelMatrix expected = data.panels(type, PanelMatrix.PANEL_ROWS, NUM_COLUMNS);
        new PanelPacker(new ScalarKernels()).packPanel(source, expected, 0);
        if (pack().data().mismatch(expected.data()) >= 0) {
            throw new IllegalStateException(kernels + " kernels pack otherwise");
        }
    }

    @Benchmark
    public PanelMatrix pack() {
        packer.packPanel(source, target, 0);
        return target;
    }

    @TearDown
    public void close() {
        data.close();
    }
}
