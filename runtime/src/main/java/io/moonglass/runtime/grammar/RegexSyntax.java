package io.moonglass.runtime.grammar;

import java.util.List;

/// A regular expression as it was written: an [Expression], and the anchors that one has not.
sealed interface RegexSyntax {

    record Plain(Expression expression) implements RegexSyntax {}

    record Sequence(List<RegexSyntax> parts) implements RegexSyntax {}

    record Alternatives(List<RegexSyntax> options) implements RegexSyntax {}

    record Repetition(RegexSyntax body, int min, int max) implements RegexSyntax {}

    /// `^` or `$`.
    ///
    /// @param at its place in the pattern, in characters
    record Anchor(boolean isStart, int at) implements RegexSyntax {}
}
