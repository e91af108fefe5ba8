package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;

/// What one of two masks allows: the tokens that come decide which.
final class EitherMask implements TokenMask {

    private final TokenMask[] masks;
    private final boolean[] open = {true, true};

    EitherMask(TokenMask one, TokenMask other) {
        this.masks = new TokenMask[] {one, other};
    }

    @Override
    public long[] allowed() {
        long[] first = allowed(0);
        long[] second = allowed(1);
        if (first.length == 0 || second.length == 0) {
            return first.length == 0 ? second : first;
        }
        long[] either = first.clone();
        for (int i = 0; i < either.length; i++) {
            either[i] |= second[i];
        }
        return either;
    }

    /// Nothing where the mask is out.
    private long[] allowed(int index) {
        return open[index] && !masks[index].isFinished() ? masks[index].allowed() : new long[0];
    }

    @Override
    public void accept(int tokenId) {
        for (int i = 0; i < masks.length; i++) {
            long[] allowed = allowed(i);
            open[i] = allowed.length > 0 && (allowed[tokenId / 64] >> tokenId % 64 & 1) == 1;
            if (open[i]) {
                masks[i].accept(tokenId);
            }
        }
    }

    @Override
    public boolean isFinished() {
        return (!open[0] || masks[0].isFinished()) && (!open[1] || masks[1].isFinished());
    }
}
