package io.moonglass.server.http;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.Usage;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Answers as chat completions; all records carry the answer's id, model and time.
///
/// @param includeUsage   end a stream with its usage
/// @param returnTokenIds answer with the generated tokens' ids too
record ChatCompletionReply(
        String id, long created, String model, boolean includeUsage, boolean returnTokenIds)
        implements Reply {

    private static final String FINGERPRINT = "moonglass-" + Version.VERSION;

    static ChatCompletionReply of(String model, boolean includeUsage, boolean returnTokenIds) {
        return new ChatCompletionReply(
                "chatcmpl-" + RequestId.random(),
                System.currentTimeMillis() / 1000,
                model,
                includeUsage,
                returnTokenIds);
    }

    @Override
    public ChatCompletion whole(PromptSize prompt, List<CollectedAnswer> answers) {
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

    @Override
    public void begin(EventStream stream, int numAnswers) {
        for (int index = 0; index < numAnswers; index++) {
            stream.send(chunk(index, new ChatCompletionChunk.Delta("assistant", "", null, null)));
        }
    }

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        switch (event) {
            case GenerationEvent.TextDelta(String text, _) ->
                    stream.send(
                            chunk(index, new ChatCompletionChunk.Delta(null, text, null, null)));
            case GenerationEvent.ReasoningDelta(String text) ->
                    stream.send(
                            chunk(index, new ChatCompletionChunk.Delta(null, null, text, text)));
            case GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    Finished _,
                    GenerationEvent.Failed _ ->
                    throw new IllegalArgumentException("no event for a chunk: " + event);
        }
    }

    @Override
    public void finished(EventStream stream, int index, Finished finished) {
        stream.send(
                chunk(
                        index,
                        new ChatCompletionChunk.Delta(null, null, null, null),
                        wireName(finished.reason()),
                        tokenIds(finished)));
    }

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        if (includeUsage) {
            stream.send(chunk(List.of(), usageOf(ends.stream())));
        }
        stream.done();
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }

    private ChatCompletionChunk chunk(int index, ChatCompletionChunk.Delta delta) {
        return chunk(index, delta, null, null);
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
                one.videoTokens(),
                Math.min(one.cachedTokens(), other.cachedTokens()),
                one.completionTokens() + other.completionTokens(),
                one.reasoningTokens() + other.reasoningTokens());
    }

    private static Usage usageOf(Stream<Finished> ends) {
        return usage(ends.map(Finished::usage).reduce(ChatCompletionReply::together).orElseThrow());
    }
}
