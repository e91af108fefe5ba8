package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionChunk.Delta;
import io.moonglass.clients.ChatCompletionChunk.Progress;
import io.moonglass.clients.ChatCompletionChunk.Timings;
import io.moonglass.clients.Logprobs;
import io.moonglass.clients.ToolCall;
import io.moonglass.clients.Usage;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.PicturesPrepared;
import io.moonglass.runtime.GenerationEvent.PromptMeasured;
import io.moonglass.runtime.GenerationEvent.PromptScored;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.runtime.GenerationEvent.ToolArgumentsDelta;
import io.moonglass.runtime.GenerationEvent.ToolCallBegun;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.TokenScore;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Writes the answers of one call as chat completions, whole or as the pieces of a stream. Belongs to one thread.
public final class ChatCompletionWriter {

    /// Where nothing is told of what was seen.
    private static final PromptSize NONE = PromptSize.ofText(0);

    /// What is told besides the answer.
    ///
    /// @param usage         a stream ends with it
    /// @param usageOfEach   in a stream, the last piece of every answer has that answer's
    /// @param progress      of the prompt's pictures, in a stream
    /// @param timings       of the request's stages, at the end of a stream
    /// @param tokenIds      the generated tokens
    /// @param logprobs      of them
    /// @param reasoning     what the model wrote before the answer
    /// @param asFunction    calls of tools as the older `function_call`
    public record Told(
            boolean usage,
            boolean usageOfEach,
            boolean progress,
            boolean timings,
            boolean tokenIds,
            boolean logprobs,
            boolean reasoning,
            boolean asFunction) {}

    private final AnswerHead head;
    private final Told told;
    private final Set<Integer> callingAnswers = new HashSet<>();

    public ChatCompletionWriter(AnswerHead head, Told told) {
        this.head = head;
        this.told = told;
    }

    public String id() {
        return head.id();
    }

    /// All answers as one record.
    public ChatCompletion whole(PromptSize prompt, List<CollectedAnswer> answers) {
        List<Optional<TokenScore>> promptScores = answers.getFirst().promptScores();
        return new ChatCompletion(
                head.id(),
                ChatCompletion.OBJECT,
                head.created(),
                head.model(),
                head.fingerprint(),
                IntStream.range(0, answers.size())
                        .mapToObj(index -> choice(index, answers.get(index)))
                        .toList(),
                UsageRecord.ofAll(answers.stream().map(CollectedAnswer::finished).toList()),
                UsageRecord.images(prompt),
                UsageRecord.videos(prompt),
                promptScores.isEmpty() ? null : LogprobRecords.ofPrompt(promptScores));
    }

    private ChatCompletion.Choice choice(int index, CollectedAnswer answer) {
        String reasoning =
                told.reasoning() && !answer.reasoning().isEmpty() ? answer.reasoning() : null;
        List<ToolCall> calls =
                answer.toolCalls().stream()
                        .map(call ->
                                new ToolCall(
                                        null,
                                        call.id(),
                                        "function",
                                        new ToolCall.Function(call.name(), call.arguments())))
                        .toList();
        boolean onlyCalls = !calls.isEmpty() && answer.text().isEmpty();
        return new ChatCompletion.Choice(
                index,
                new ChatCompletion.Answer(
                        "assistant",
                        onlyCalls ? null : answer.text(),
                        null,
                        reasoning,
                        reasoning,
                        calls.isEmpty() || told.asFunction() ? null : calls,
                        calls.isEmpty() || !told.asFunction() ? null : calls.getFirst().function()),
                told.logprobs() ? LogprobRecords.of(answer.scores()) : null,
                FinishReasonRecord.of(answer.finished(), !calls.isEmpty(), told.asFunction()),
                answer.finished().stop().orElse(null),
                tokenIds(answer.finished()));
    }

    /// What a stream begins with.
    public List<ChatCompletionChunk> begin(int numAnswers) {
        return IntStream.range(0, numAnswers)
                .mapToObj(index ->
                        chunk(index, new Delta("assistant", "", null, null, null, null), null))
                .toList();
    }

    /// @param index of the answer that the event is of
    /// @param event neither the end of the answer nor a fault
    /// @return empty if nothing is told of it
    public Optional<ChatCompletionChunk> piece(int index, GenerationEvent event) {
        return Optional.ofNullable(
                switch (event) {
                    case PromptMeasured _ -> null;
                    case PicturesPrepared(int numDecoded, int numEncoded, int numTotal) ->
                            told.progress()
                                    ? chunk(
                                            List.of(),
                                            null,
                                            NONE,
                                            null,
                                            new Progress(numDecoded, numEncoded, numTotal))
                                    : null;
                    case PromptScored(List<Optional<TokenScore>> scores) ->
                            chunk(List.of(), null, NONE, LogprobRecords.ofPrompt(scores), null);
                    case TextDelta(String text, List<TokenScore> scores) ->
                            chunk(
                                    index,
                                    new Delta(null, text, null, null, null, null),
                                    told.logprobs() ? LogprobRecords.of(scores) : null);
                    case ReasoningDelta(String text) ->
                            told.reasoning()
                                    ? chunk(
                                            index,
                                            new Delta(null, null, text, text, null, null),
                                            null)
                                    : null;
                    case ToolCallBegun(int call, String id, String name) -> {
                        callingAnswers.add(index);
                        yield chunk(
                                index,
                                calls(
                                        new ToolCall(
                                                call,
                                                id,
                                                "function",
                                                new ToolCall.Function(name, ""))),
                                null);
                    }
                    case ToolArgumentsDelta(int call, String json) ->
                            chunk(
                                    index,
                                    calls(
                                            new ToolCall(
                                                    call,
                                                    null,
                                                    null,
                                                    new ToolCall.Function(null, json))),
                                    null);
                    case Finished _, GenerationEvent.Failed _ ->
                            throw new IllegalArgumentException("an end is no piece: " + event);
                });
    }

    private Delta calls(ToolCall call) {
        return told.asFunction()
                ? new Delta(null, null, null, null, null, call.function())
                : new Delta(null, null, null, null, List.of(call), null);
    }

    /// The end of one answer.
    public ChatCompletionChunk finished(int index, Finished end) {
        ChatCompletionChunk.Choice choice =
                new ChatCompletionChunk.Choice(
                        index,
                        new Delta(null, null, null, null, null, null),
                        null,
                        FinishReasonRecord.of(
                                end, callingAnswers.contains(index), told.asFunction()),
                        end.stop().orElse(null),
                        tokenIds(end));
        return chunk(
                List.of(choice),
                told.usageOfEach() ? UsageRecord.of(end.usage()) : null,
                NONE,
                null,
                null);
    }

    /// What a stream ends with, if the call asked for it.
    ///
    /// @param ends of all answers
    public Optional<ChatCompletionChunk> end(PromptSize prompt, List<Finished> ends) {
        return told.usage()
                ? Optional.of(chunk(List.of(), UsageRecord.ofAll(ends), prompt, null, null))
                : Optional.empty();
    }

    /// The last piece of a stream, if the call asked for it.
    public Optional<ChatCompletionChunk> timings(RequestTimeline timeline) {
        if (!told.timings()) {
            return Optional.empty();
        }
        Map<String, Double> stages = new LinkedHashMap<>();
        for (RequestTimeline.Period period : timeline.periods()) {
            stages.put(period.stage().label(), seconds(period.active()));
        }
        Timings timings =
                new Timings(
                        seconds(timeline.length()),
                        timeline.timeToFirstToken().map(ChatCompletionWriter::seconds).orElse(null),
                        stages);
        return Optional.of(chunk(List.of(), null, NONE, null, null, timings));
    }

    /// To the microsecond.
    private static double seconds(Duration time) {
        return time.toNanos() / 1_000 / 1e6;
    }

    private ChatCompletionChunk chunk(int index, Delta delta, Logprobs logprobs) {
        return chunk(
                List.of(new ChatCompletionChunk.Choice(index, delta, logprobs, null, null, null)),
                null,
                NONE,
                null,
                null);
    }

    /// @param seen whose pictures and videos are told
    private ChatCompletionChunk chunk(
            List<ChatCompletionChunk.Choice> choices,
            Usage usage,
            PromptSize seen,
            JsonNode promptLogprobs,
            Progress progress) {
        return chunk(choices, usage, seen, promptLogprobs, progress, null);
    }

    private ChatCompletionChunk chunk(
            List<ChatCompletionChunk.Choice> choices,
            Usage usage,
            PromptSize seen,
            JsonNode promptLogprobs,
            Progress progress,
            Timings timings) {
        return new ChatCompletionChunk(
                head.id(),
                ChatCompletionChunk.OBJECT,
                head.created(),
                head.model(),
                head.fingerprint(),
                choices,
                usage,
                UsageRecord.images(seen),
                UsageRecord.videos(seen),
                promptLogprobs,
                progress,
                timings);
    }

    private List<Integer> tokenIds(Finished finished) {
        return told.tokenIds() ? finished.tokenIds() : null;
    }
}
