package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;

/// What two masks allow. Where they have nothing in common the answer is over: a caller asked for both.
final class BothMasks implements TokenMask {

    private final TokenMask one;
    private final TokenMask other;
    private long[] allowed;

    BothMasks(TokenMask one, TokenMask other) {
        this.one = one;
        this.other = other;
    }

    @Override
    public long[] allowed() {
        if (allowed == null) {
            long[] first = one.allowed();
            long[] second = other.allowed();
            allowed = first == null ? second : second == null ? first : intersection(first, second);
        }
        return allowed;
    }

    private static long[] intersection(long[] one, long[] other) {
        long[] both = new long[Math.min(one.length, other.length)];
        for (int i = 0; i < both.length; i++) {
            both[i] = one[i] & other[i];
        }
        return both;
    }

    @Override
    public void accept(int tokenId) {
        one.accept(tokenId);
        other.accept(tokenId);
        allowed = null;
    }

    @Override
    public boolean isFinished() {
        if (one.isFinished() || other.isFinished()) {
            return true;
        }
        long[] next = allowed();
        return next != null && TokenSet.isEmpty(next);
    }
}
