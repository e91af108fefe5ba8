package io.moonglass.router;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/// Counts the tokens that go to each expert of one layer. One thread counts, any may read.
public final class ExpertCounts {

    /// Enough for 64 experts of which a token takes 6 to get about 100 tokens each.
    private static final int WINDOW_TOKENS = 1024;

    private final int layer;
    private final AtomicLongArray tokens;
    private final int[] recent;
    private int numRecent;
    private volatile double imbalance;

    /// @param layer among all of the decoder's, from 0
    public ExpertCounts(int layer, int numExperts) {
        this.layer = layer;
        this.tokens = new AtomicLongArray(numExperts);
        this.recent = new int[numExperts];
    }

    /// A step's tokens were routed.
    public void add(Routing routing) {
        for (int expert : routing.experts()) {
            recent[expert]++;
            tokens.setOpaque(expert, tokens.getPlain(expert) + 1); // nobody else writes
        }
        numRecent += routing.numTokens();
        if (numRecent >= WINDOW_TOKENS) {
            imbalance = imbalance(Arrays.stream(recent).asLongStream().toArray());
            Arrays.fill(recent, 0);
            numRecent = 0;
        }
    }

    /// The layer's load until now. Before there is a whole window its imbalance is that of all tokens.
    public ExpertLoad load() {
        long[] now = IntStream.range(0, tokens.length()).mapToLong(tokens::getOpaque).toArray();
        double lately = imbalance;
        return new ExpertLoad(layer, now, lately == 0 ? imbalance(now) : lately);
    }

    private static double imbalance(long[] tokens) {
        long sum = Arrays.stream(tokens).sum();
        long most = Arrays.stream(tokens).max().orElse(0);
        return sum == 0 ? 0 : (double) most * tokens.length / sum;
    }
}
