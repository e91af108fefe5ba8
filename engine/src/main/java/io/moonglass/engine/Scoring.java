package io.moonglass.engine;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.OptionalInt;

/// What is wanted of a request besides tokens. What concerns the prompt is told to the first branch alone;
/// its rows must pass through the decoder for it, so nothing is taken from the prefix cache.
///
/// @param answer   log probabilities of generated tokens, each with so many of the likeliest; empty for none
/// @param prompt   the same of the prompt's tokens
/// @param features the mean over the prompt of the last layer's normalised outputs, `[hiddenSize]`
public record Scoring(OptionalInt answer, OptionalInt prompt, boolean features) {

    /// The likeliest tokens that are told beside one, at most.
    public static final int MOST_TOP = 20;

    public static final Scoring NONE = new Scoring(OptionalInt.empty(), OptionalInt.empty(), false);

    /// @throws InvalidRequestException if more are wanted than [#MOST_TOP]
    public Scoring {
        inRange("top_logprobs", answer);
        inRange("prompt_logprobs", prompt);
    }

    /// Whether the prompt's rows are needed, and not just what they leave in the cache.
    boolean readsPrompt() {
        return prompt.isPresent() || features;
    }

    private static void inRange(String field, OptionalInt numTop) {
        int count = numTop.orElse(0);
        if (count < 0 || count > MOST_TOP) {
            throw InvalidRequestException.invalidValue(
                    field, "%s is %d; want 0 to %d".formatted(field, count, MOST_TOP));
        }
    }
}
