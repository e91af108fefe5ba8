package io.moonglass.tensor;

import java.util.ArrayList;
import java.util.List;
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

/// One generated token's attention in one layer of the released models: 16 heads, 2,048 tokens before
/// it, in blocks as the cache has them.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@State(Scope.Benchmark)
public class HeadAttentionBenchmark {

    private static final int NUM_TOKENS = 2048;
    private static final int BLOCK = 32;
    private static final int ROW_SIZE = 576;
    private static final int LATENT_SIZE = 512;

    @Param({"F32", "BF16"})
    public ElementType type;

    @Param(BenchmarkData.FASTEST)
    public String kernels;

    private final BenchmarkData data = new BenchmarkData();
    private final List<WeightMatrix> blocks = new ArrayList<>();
    private KernelSet measured;
    private HeadAttention attention;

    @Setup
    public void prepare() {
        measured = BenchmarkData.kernels(kernels);
        for (int from = 0; from < NUM_TOKENS; from += BLOCK) {
            blocks.add(data.weight(type, BLOCK, ROW_SIZE));
        }
        HeadQueries queries = data.queries(type, ROW_SIZE);
        attention = attention(queries);
        HeadAttention expected = attention(queries);
        blocks.forEach(block -> new ScalarKernels().attend(expected, block, block.data()));
        BenchmarkData.check(expected.sums(), attend(), 0);
    }

    @Benchmark
    public FloatMatrix attend() {
        attention.reset();
        for (WeightMatrix block : blocks) {
            measured.attend(attention, block, block.data());
        }
        return attention.sums();
    }

    @TearDown
    public void close() {
        data.close();
    }

    private HeadAttention attention(HeadQueries queries) {
        HeadAttention made =
                new HeadAttention(
                        queries,
                        data.zeros(BLOCK, HeadAttention.HEADS),
                        data.zeros(1, HeadAttention.HEADS),
                        data.zeros(1, HeadAttention.HEADS),
                        data.zeros(HeadAttention.HEADS, LATENT_SIZE));
        made.reset();
        return made;
    }
}
