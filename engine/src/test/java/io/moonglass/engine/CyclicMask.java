package io.moonglass.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A grammar by hand: the token at each place is one of a few, and after the last place comes the first
/// again. Remembers what came, and fails its answer if that was not allowed or comes after the end.
final class CyclicMask implements TokenMask {

    private final List<Set<Integer>> places;
    private final int length;
    private final List<Integer> accepted = new ArrayList<>();

    /// @param length tokens after which it is finished
    CyclicMask(int length, List<Set<Integer>> places) {
        this.length = length;
        this.places = places;
    }

    /// Four places of three tokens each, and never an end.
    static CyclicMask ofWords() {
        return new CyclicMask(
                Integer.MAX_VALUE,
                List.of(
                        Set.of(3, 64, 700),
                        Set.of(4, 127, 701),
                        Set.of(5, 128, 702),
                        Set.of(6, 200, 1023)));
    }

    /// Another one that nothing was told yet.
    CyclicMask fromTheStart() {
        return new CyclicMask(length, places);
    }

    @Override
    public long[] allowed() {
        long[] words = new long[TinyEngine.VOCAB_SIZE / 64];
        next().forEach(tokenId -> words[tokenId / 64] |= 1L << tokenId);
        return words;
    }

    @Override
    public void accept(int tokenId) {
        if (isFinished() || !next().contains(tokenId)) {
            throw new IllegalStateException("%d after %s".formatted(tokenId, accepted));
        }
        accepted.add(tokenId);
    }

    @Override
    public boolean isFinished() {
        return accepted.size() >= length;
    }

    /// In order.
    List<Integer> accepted() {
        return accepted;
    }

    private Set<Integer> next() {
        return places.get(accepted.size() % places.size());
    }
}
