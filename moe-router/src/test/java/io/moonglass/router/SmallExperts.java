package io.moonglass.router;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.PanelPacker;
import io.moonglass.tensor.PanelType;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Routers and experts small enough to check by hand.
final class SmallExperts {

    private static final ValueLayout.OfFloat LITTLE_ENDIAN =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SmallExperts() {}

    /// Experts in one group, weights normalised, not scaled; everything else is of no account.
    static TextConfig config(int numExperts, int numChosen) {
        return config(numExperts, numChosen, 1, 1, true, 1);
    }

    static TextConfig config(
            int numExperts,
            int numChosen,
            int numGroups,
            int numChosenGroups,
            boolean normalize,
            float scalingFactor) {
        return new TextConfig(
                1,
                1,
                1,
                1,
                1,
                1,
                numExperts,
                1,
                numChosen,
                0,
                1,
                numGroups,
                numChosenGroups,
                normalize,
                scalingFactor,
                1,
                1,
                2,
                1,
                10_000,
                16,
                1e-5f,
                false);
    }

    static WeightMatrix weight(Arena arena, int numColumns, float... values) {
        MemorySegment data = arena.allocate((long) values.length * Float.BYTES, 64);
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(LITTLE_ENDIAN, i, values[i]);
        }
        return new WeightMatrix(data, ElementType.F32, values.length / numColumns, numColumns);
    }

    static WeightMatrix randomWeight(Arena arena, int numRows, int numColumns, Random random) {
        return weight(arena, numColumns, randomValues(numRows * numColumns, random));
    }

    static FeedForward randomExpert(
            Arena arena, int hiddenSize, int intermediateSize, Random random) {
        return new FeedForward(
                randomWeight(arena, intermediateSize, hiddenSize, random),
                randomWeight(arena, intermediateSize, hiddenSize, random),
                randomWeight(arena, hiddenSize, intermediateSize, random));
    }

    static List<FeedForward> randomExperts(
            Arena arena, int count, int hiddenSize, int intermediateSize, Random random) {
        List<FeedForward> experts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            experts.add(randomExpert(arena, hiddenSize, intermediateSize, random));
        }
        return experts;
    }

    /// An expert that would give itself away: whatever it computes is no number.
    static FeedForward brokenExpert(Arena arena, int hiddenSize, int intermediateSize) {
        float[] values = new float[hiddenSize * intermediateSize];
        Arrays.fill(values, Float.NaN);
        return new FeedForward(
                weight(arena, hiddenSize, values),
                weight(arena, hiddenSize, values),
                weight(arena, intermediateSize, values));
    }

    static FloatMatrix randomRows(Arena arena, int numRows, int numColumns, Random random) {
        return FloatMatrix.of(arena, numColumns, randomValues(numRows * numColumns, random));
    }

    /// `down(silu(gate(x)) * up(x))` of one row, as the definition says it.
    static double[] naive(FeedForward expert, FloatMatrix x, int row) {
        double[] raised = new double[expert.intermediateSize()];
        for (int i = 0; i < raised.length; i++) {
            double gate = 0;
            double up = 0;
            for (int j = 0; j < x.numColumns(); j++) {
                gate += value(expert.gate(), i, j) * x.get(row, j);
                up += value(expert.up(), i, j) * x.get(row, j);
            }
            raised[i] = gate / (1 + Math.exp(-gate)) * up;
        }
        double[] out = new double[x.numColumns()];
        for (int i = 0; i < out.length; i++) {
            for (int j = 0; j < raised.length; j++) {
                out[i] += value(expert.down(), i, j) * raised[j];
            }
        }
        return out;
    }

    private static double value(Weight packed, int row, int column) {
        WeightMatrix weight = (WeightMatrix) packed;
        return weight.data().getAtIndex(LITTLE_ENDIAN, (long) row * weight.numColumns() + column);
    }

    private static float[] randomValues(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() / 4;
        }
        return values;
    }

    /// In 8 bits.
    static Weight packed(Arena arena, Weight weight) {
        return PanelPacker.pack(arena, (WeightMatrix) weight, PanelType.Q8);
    }
}
