package io.moonglass.runtime.djl;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.Usage;

/// What a model answers to a [ai.djl.modality.cv.VisionLanguageInput].
///
/// @param text         the answer
/// @param reasoning    what a thinking model wrote before it; empty if nothing
/// @param finishReason `stop`, or `length` if it was cut off at the token limit
/// @param usage        what it cost
public record VisionLanguageOutput(
        String text, String reasoning, String finishReason, Usage usage) {

    static VisionLanguageOutput of(ChatCompletion answer) {
        ChatCompletion.Choice choice = answer.choices().get(0);
        String reasoning = choice.message().reasoningContent();
        return new VisionLanguageOutput(
                answer.text(),
                reasoning == null ? "" : reasoning,
                choice.finishReason(),
                answer.usage());
    }
}
