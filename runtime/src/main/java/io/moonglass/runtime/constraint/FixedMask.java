package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;

/// The same tokens at every place.
///
/// @param allowed as [TokenMask#allowed()]
record FixedMask(long[] allowed) implements TokenMask {

    @Override
    public void accept(int tokenId) {}

    @Override
    public boolean isFinished() {
        return false;
    }
}
