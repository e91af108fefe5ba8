package io.moonglass.server.http;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.Usage;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.GenerationEvent.Finished;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The wire records of one answer; all carry its id, model and time.
record ChatCompletionReply(String id, long created, String model, boolean returnTokenIds) {

    private static final String FINGERPRINT = "moonglass-" + Version.VERSION;

    static ChatCompletionReply of(String model, boolean returnTokenIds) {
        return new ChatCompletionReply(
                "chatcmpl-" + RequestId.random(),
                System.currentTimeMillis() / 1000,
                model,
                returnTokenIds);
    }

    ChatCompletion whole(List<CollectedAnswer> answers) {
        return new ChatCompletion(
                id,
                ChatCompletion.OBJECT,
                created,
                model,
                FINGERPRINT,
                IntStream.range(0, answers.size())
                        .mapToObj(index -> choice(index, answers.get(index)))
                        .toList(),
                usageOf(answers.stream().map(CollectedAnswer::finished)));
    }

    private ChatCompletion.Choice choice(int index, CollectedAnswer answer) {
        String reasoning = answer.reasoning();
        String reasoningOrNull = reasoning.isEmpty() ? null : reasoning;
        return new ChatCompletion.Choice(
                index,
                new ChatCompletion.Answer(
                        "assistant", answer.text(), reasoningOrNull, reasoningOrNull),
                wireName(answer.finished().reason()),
                tokenIds(answer.finished()));
    }

    ChatCompletionChunk first(int index) {
        return chunk(index, new ChatCompletionChunk.Delta("assistant", "", null, null), null, null);
    }

    ChatCompletionChunk text(int index, String text) {
        return chunk(index, new ChatCompletionChunk.Delta(null, text, null, null), null, null);
    }

    ChatCompletionChunk reasoning(int index, String text) {
        return chunk(index, new ChatCompletionChunk.Delta(null, null, text, text), null, null);
    }

    ChatCompletionChunk last(int index, Finished finished) {
        return chunk(
                index,
                new ChatCompletionChunk.Delta(null, null, null, null),
                wireName(finished.reason()),
                tokenIds(finished));
    }

    ChatCompletionChunk usage(List<Finished> ends) {
        return chunk(List.of(), usageOf(ends.stream()));
    }

    private ChatCompletionChunk chunk(
            int index,
            ChatCompletionChunk.Delta delta,
            String finishReason,
            List<Integer> tokenIds) {
        return chunk(
                List.of(new ChatCompletionChunk.Choice(index, delta, finishReason, tokenIds)),
                null);
    }

    private ChatCompletionChunk chunk(List<ChatCompletionChunk.Choice> choices, Usage usage) {
        return new ChatCompletionChunk(
                id, ChatCompletionChunk.OBJECT, created, model, FINGERPRINT, choices, usage);
    }

    private List<Integer> tokenIds(Finished finished) {
        return returnTokenIds ? finished.tokenIds() : null;
    }

    private static String wireName(FinishReason reason) {
        return switch (reason) {
            case STOP -> "stop";
            case LENGTH -> "length";
            case CANCELLED -> throw new IllegalArgumentException("a cancelled answer has no end");
        };
    }

    private static Usage usage(io.moonglass.runtime.Usage usage) {
        return new Usage(
                usage.promptTokens(),
                usage.completionTokens(),
                usage.totalTokens(),
                new Usage.PromptTokensDetails(usage.cachedTokens(), usage.imageTokens()),
                new Usage.CompletionTokensDetails(usage.reasoningTokens()));
    }

    /// The prompt is one for all answers. What was found of it in the cache is what the first answer
    /// found, the least: the others may find what the first has just computed.
    private static io.moonglass.runtime.Usage together(
            io.moonglass.runtime.Usage one, io.moonglass.runtime.Usage other) {
        return new io.moonglass.runtime.Usage(
                one.promptTokens(),
                one.imageTokens(),
                Math.min(one.cachedTokens(), other.cachedTokens()),
                one.completionTokens() + other.completionTokens(),
                one.reasoningTokens() + other.reasoningTokens());
    }

    private static Usage usageOf(Stream<Finished> ends) {
        return usage(ends.map(Finished::usage).reduce(ChatCompletionReply::together).orElseThrow());
    }
}
