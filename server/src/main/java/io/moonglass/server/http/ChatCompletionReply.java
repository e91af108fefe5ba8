package io.moonglass.server.http;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.Usage;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.GenerationEvent.Finished;
import java.util.List;

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

    ChatCompletion whole(String text, String reasoning, Finished finished) {
        String reasoningOrNull = reasoning.isEmpty() ? null : reasoning;
        return new ChatCompletion(
                id,
                ChatCompletion.OBJECT,
                created,
                model,
                FINGERPRINT,
                List.of(
                        new ChatCompletion.Choice(
                                0,
                                new ChatCompletion.Answer(
                                        "assistant", text, reasoningOrNull, reasoningOrNull),
                                wireName(finished.reason()),
                                tokenIds(finished))),
                usage(finished.usage()));
    }

    ChatCompletionChunk first() {
        return chunk(new ChatCompletionChunk.Delta("assistant", "", null, null), null, null);
    }

    ChatCompletionChunk text(String text) {
        return chunk(new ChatCompletionChunk.Delta(null, text, null, null), null, null);
    }

    ChatCompletionChunk reasoning(String text) {
        return chunk(new ChatCompletionChunk.Delta(null, null, text, text), null, null);
    }

    ChatCompletionChunk last(Finished finished) {
        return chunk(
                new ChatCompletionChunk.Delta(null, null, null, null),
                wireName(finished.reason()),
                tokenIds(finished));
    }

    ChatCompletionChunk usage(Finished finished) {
        return chunk(List.of(), usage(finished.usage()));
    }

    private ChatCompletionChunk chunk(
            ChatCompletionChunk.Delta delta, String finishReason, List<Integer> tokenIds) {
        return chunk(
                List.of(new ChatCompletionChunk.Choice(0, delta, finishReason, tokenIds)), null);
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
}
