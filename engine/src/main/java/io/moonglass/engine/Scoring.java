package io.moonglass.engine;

import java.util.OptionalInt;

/// What is wanted of a request besides tokens.
///
/// @param answer   log probabilities of generated tokens, each with so many of the likeliest; empty for none
/// @param prompt   the same of the prompt's tokens, which then takes nothing from the prefix cache
/// @param features the mean over the prompt of the last layer's normalised outputs, `[hiddenSize]`; the same holds of the cache
public record Scoring(OptionalInt answer, OptionalInt prompt, boolean features) {

    public static final Scoring NONE = new Scoring(OptionalInt.empty(), OptionalInt.empty(), false);
}
