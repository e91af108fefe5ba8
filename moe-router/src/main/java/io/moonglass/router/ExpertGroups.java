package io.moonglass.router;

/// A step's (token, expert) pairs in order of expert, so that every expert's weights are read once.
///
/// @param pairs     indices into the routing's arrays (`token * numChosen + n`), grouped by expert,
///                  in token order within an expert
/// @param firstPair `[numExperts + 1]`: expert e has `pairs[firstPair[e] .. firstPair[e + 1])`
public record ExpertGroups(int[] pairs, int[] firstPair) {

    public static ExpertGroups of(Routing routing, int numExperts) {
        int[] firstPair = new int[numExperts + 1];
        for (int expert : routing.experts()) {
            firstPair[expert + 1]++;
        }
        for (int expert = 0; expert < numExperts; expert++) {
            firstPair[expert + 1] += firstPair[expert];
        }
        int[] next = firstPair.clone();
        int[] pairs = new int[routing.experts().length];
        for (int pair = 0; pair < pairs.length; pair++) {
            pairs[next[routing.experts()[pair]]++] = pair;
        }
        return new ExpertGroups(pairs, firstPair);
    }

    public int numPairs(int expert) {
        return firstPair[expert + 1] - firstPair[expert];
    }
}
