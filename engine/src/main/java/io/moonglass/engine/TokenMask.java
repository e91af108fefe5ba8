package io.moonglass.engine;

/// Says which tokens may come next in one answer, and is told which came: a grammar, for one. Used by one
/// thread at a time, not always the same.
public interface TokenMask {

    /// Anything may come.
    TokenMask ALL =
            new TokenMask() {
                @Override
                public long[] allowed() {
                    return null;
                }

                @Override
                public void accept(int tokenId) {}

                @Override
                public boolean isFinished() {
                    return false;
                }
            };

    /// A bit for every token that may come next: bit `id % 64` of word `id / 64`. At least one is set unless the
    /// answer [is finished][#isFinished()]. Not to be changed, and good until the next call of [#accept(int)].
    ///
    /// @return null where all may
    long[] allowed();

    /// The next token was chosen; it is one that was allowed.
    void accept(int tokenId);

    /// Whether nothing may come any more: the answer ends with the token that was accepted last.
    boolean isFinished();
}
