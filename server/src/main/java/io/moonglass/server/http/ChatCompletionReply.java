package io.moonglass.server.http;

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

/// Answers as chat completions.
final class ChatCompletionReply implements Reply {

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
    record Told(
            boolean usage,
            boolean usageOfEach,
            boolean progress,
            boolean timings,
            boolean tokenIds,
            boolean logprobs,
            boolean reasoning,
            boolean asFunction) {}

    private final ReplyHead head;
    private final Told told;
    private final Set<Integer> callingAnswers = new HashSet<>();
    private Optional<RequestTimeline> timeline = Optional.empty();

    ChatCompletionReply(ReplyHead head, Told told) {
        this.head = head;
        this.told = told;
    }

    @Override
    public Optional<String> id() {
        return Optional.of(head.id());
    }

    @Override
    public ChatCompletion whole(PromptSize prompt, List<CollectedAnswer> answers) {
        List<Optional<TokenScore>> promptScores = answers.getFirst().promptScores();
        return new ChatCompletion(
                head.id(),
                ChatCompletion.OBJECT,
                head.created(),
                head.model(),
                ReplyHead.FINGERPRINT,
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
                finishReason(answer.finished(), !calls.isEmpty()),
                answer.finished().stop().orElse(null),
                tokenIds(answer.finished()));
    }

    @Override
    public void timedBy(RequestTimeline measured) {
        timeline = Optional.of(measured);
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {
        for (int index = 0; index < numAnswers; index++) {
            send(stream, index, new Delta("assistant", "", null, null, null, null));
        }
    }

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        switch (event) {
            case PromptMeasured _ -> {}
            case PicturesPrepared(int numDecoded, int numEncoded, int numTotal) -> {
                if (told.progress()) {
                    Progress progress = new Progress(numDecoded, numEncoded, numTotal);
                    stream.send(chunk(List.of(), null, NONE, null, progress));
                }
            }
            case PromptScored(List<Optional<TokenScore>> scores) ->
                    stream.send(
                            chunk(List.of(), null, NONE, LogprobRecords.ofPrompt(scores), null));
            case TextDelta(String text, List<TokenScore> scores) ->
                    send(
                            stream,
                            index,
                            new Delta(null, text, null, null, null, null),
                            told.logprobs() ? LogprobRecords.of(scores) : null);
            case ReasoningDelta(String text) -> {
                if (told.reasoning()) {
                    send(stream, index, new Delta(null, null, text, text, null, null));
                }
            }
            case ToolCallBegun(int call, String id, String name) -> {
                callingAnswers.add(index);
                send(
                        stream,
                        index,
                        calls(new ToolCall(call, id, "function", new ToolCall.Function(name, ""))));
            }
            case ToolArgumentsDelta(int call, String json) ->
                    send(
                            stream,
                            index,
                            calls(
                                    new ToolCall(
                                            call, null, null, new ToolCall.Function(null, json))));
            case Finished _, GenerationEvent.Failed _ ->
                    throw new IllegalArgumentException("an end is no piece: " + event);
        }
    }

    private Delta calls(ToolCall call) {
        return told.asFunction()
                ? new Delta(null, null, null, null, null, call.function())
                : new Delta(null, null, null, null, List.of(call), null);
    }

    @Override
    public void finished(EventStream stream, int index, Finished end) {
        ChatCompletionChunk.Choice choice =
                new ChatCompletionChunk.Choice(
                        index,
                        new Delta(null, null, null, null, null, null),
                        null,
                        finishReason(end, callingAnswers.contains(index)),
                        end.stop().orElse(null),
                        tokenIds(end));
        stream.send(
                chunk(
                        List.of(choice),
                        told.usageOfEach() ? UsageRecord.of(end.usage()) : null,
                        NONE,
                        null,
                        null));
    }

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        if (told.usage()) {
            stream.send(chunk(List.of(), UsageRecord.ofAll(ends), prompt, null, null));
        }
        if (told.timings()) {
            timeline.ifPresent(measured -> stream.send(chunk(timings(measured))));
        }
        stream.done();
    }

    private static Timings timings(RequestTimeline timeline) {
        Map<String, Double> stages = new LinkedHashMap<>();
        for (RequestTimeline.Period period : timeline.periods()) {
            stages.put(period.stage().label(), seconds(period.active()));
        }
        return new Timings(
                seconds(timeline.length()),
                timeline.timeToFirstToken().map(ChatCompletionReply::seconds).orElse(null),
                stages);
    }

    /// To the microsecond.
    private static double seconds(Duration time) {
        return time.toNanos() / 1_000 / 1e6;
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }

    private void send(EventStream stream, int index, Delta delta) {
        send(stream, index, delta, null);
    }

    private void send(EventStream stream, int index, Delta delta, Logprobs logprobs) {
        stream.send(
                chunk(
                        List.of(
                                new ChatCompletionChunk.Choice(
                                        index, delta, logprobs, null, null, null)),
                        null,
                        NONE,
                        null,
                        null));
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

    private ChatCompletionChunk chunk(Timings timings) {
        return chunk(List.of(), null, NONE, null, null, timings);
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
                ReplyHead.FINGERPRINT,
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

    private String finishReason(Finished end, boolean calls) {
        return switch (end.reason()) {
            case STOP -> calls ? told.asFunction() ? "function_call" : "tool_calls" : "stop";
            case LENGTH -> "length";
            case CANCELLED -> throw new IllegalArgumentException("a cancelled answer has no end");
        };
    }
}
