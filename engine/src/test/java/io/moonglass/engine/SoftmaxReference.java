package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Log probabilities in double precision, and ranks by sorting.
final class SoftmaxReference {

    private static final double TOLERANCE = 3e-6;

    private SoftmaxReference() {}

    /// Token ids, the likeliest first; of equals the lowest first.
    static List<Integer> ranked(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -logits[i]))
                .toList();
    }

    static void assertFound(float[] logits, int tokenId, int numTop, TokenLogprobs found) {
        List<Integer> ranked = ranked(logits);
        double largest = logits[ranked.getFirst()];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        double normalizer = largest + Math.log(sum);
        assertEquals(logits[tokenId] - normalizer, found.logprob(), TOLERANCE);
        assertEquals(ranked.indexOf(tokenId) + 1, found.rank());
        assertEquals(
                ranked.subList(0, Math.min(numTop, ranked.size())),
                IntStream.of(found.topTokenIds()).boxed().toList());
        for (int i = 0; i < found.topTokenIds().length; i++) {
            float logit = logits[found.topTokenIds()[i]];
            assertEquals(logit - normalizer, found.topLogprobs()[i], TOLERANCE);
        }
    }
}
