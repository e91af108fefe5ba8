package io.moonglass.engine;

/// Says which tokens may come next in one answer, and is told which came: a grammar, for one. Of one answer
/// alone, and used by one thread at a time, not always the same. A mask that throws ends its own answer and
/// no other.
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

    /// A bit for every token that may come next: bit `id % 64` of word `id / 64`. Ids beyond the last word may
    /// not come, bits beyond the vocabulary say nothing. At least one token may come unless the answer
    /// [is finished][#isFinished()]; stop tokens are tokens like others. Not to be changed, and good until the
    /// next call of [#accept(int)].
    ///
    /// @return null where all may
    long[] allowed();

    /// The next token was chosen; it is one that was allowed. Each is told once, in order, before the answer's
    /// sink hears of it; if the sink ends the answer, tokens after that may have been chosen and told here.
    void accept(int tokenId);

    /// Whether nothing may come any more: the answer ends with the token that was accepted last. Where that is
    /// so from the start, it ends without any.
    boolean isFinished();
}
