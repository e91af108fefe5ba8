package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;
import java.util.Set;

/// What another mask allows without the tokens that would end the answer, as long as it can go on.
final class EndlessMask implements TokenMask {

    private final TokenMask mask;
    private final Set<Integer> stopTokenIds;

    EndlessMask(TokenMask mask, Set<Integer> stopTokenIds) {
        this.mask = mask;
        this.stopTokenIds = stopTokenIds;
    }

    @Override
    public long[] allowed() {
        long[] all = mask.allowed();
        if (all == null) {
            return null;
        }
        long[] without = all.clone();
        for (int id : stopTokenIds) {
            if (id >= 0 && id / 64 < without.length) {
                TokenSet.remove(without, id);
            }
        }
        return TokenSet.isEmpty(without) ? all : without;
    }

    @Override
    public void accept(int tokenId) {
        mask.accept(tokenId);
    }

    @Override
    public boolean isFinished() {
        return mask.isFinished();
    }
}
