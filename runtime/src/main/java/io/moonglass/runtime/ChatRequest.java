package io.moonglass.runtime;

import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import java.util.List;
import java.util.OptionalInt;

/// One question to a [ChatModel].
///
/// @param maxTokens         the most tokens to generate; empty for as many as the context holds
/// @param stop              texts that end the answer and are not part of it
/// @param ignoreEos         go on past the model's stop tokens
/// @param skipSpecialTokens leave special tokens out of the text (they are always in the token ids)
/// @param scope             whose request it is, and how urgent
public record ChatRequest(
        List<Message> messages,
        SamplingParameters sampling,
        OptionalInt maxTokens,
        List<String> stop,
        boolean ignoreEos,
        boolean skipSpecialTokens,
        RequestScope scope) {

    public ChatRequest {
        messages = List.copyOf(messages);
        stop = List.copyOf(stop);
    }

    /// A request of a caller without a name.
    public ChatRequest(
            List<Message> messages,
            SamplingParameters sampling,
            OptionalInt maxTokens,
            List<String> stop,
            boolean ignoreEos,
            boolean skipSpecialTokens) {
        this(
                messages,
                sampling,
                maxTokens,
                stop,
                ignoreEos,
                skipSpecialTokens,
                RequestScope.DEFAULT);
    }

    public static ChatRequest of(List<Message> messages, SamplingParameters sampling) {
        return new ChatRequest(messages, sampling, OptionalInt.empty(), List.of(), false, true);
    }

    public ChatRequest withMaxTokens(int value) {
        return new ChatRequest(
                messages,
                sampling,
                OptionalInt.of(value),
                stop,
                ignoreEos,
                skipSpecialTokens,
                scope);
    }

    public ChatRequest withScope(RequestScope value) {
        return new ChatRequest(
                messages, sampling, maxTokens, stop, ignoreEos, skipSpecialTokens, value);
    }
}
