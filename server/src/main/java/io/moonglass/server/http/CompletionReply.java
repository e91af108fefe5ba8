package io.moonglass.server.http;

import io.moonglass.clients.Completion;
import io.moonglass.clients.Usage;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.PromptScored;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.FinishReasonRecord;
import io.moonglass.runtime.wire.LogprobRecords;
import io.moonglass.runtime.wire.UsageRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Answers as text completions. What a thinking model writes first is a part of the text here, without its markers.
final class CompletionReply implements Reply {

    /// What is told besides the answer.
    ///
    /// @param usage          a stream ends with it
    /// @param echo           answers begin with their prompts
    /// @param logprobs       of the answer's tokens, and of an echoed prompt's
    /// @param promptLogprobs of the prompt's tokens, in a shape of their own
    /// @param tokenIds       the generated tokens
    record Told(
            boolean usage,
            boolean echo,
            boolean logprobs,
            boolean promptLogprobs,
            boolean tokenIds) {}

    /// A prompt that its answers begin with.
    ///
    /// @param firstToken the text of its first token, of which no score is told
    record Echo(String text, String firstToken) {
        static final Echo NONE = new Echo("", "");
    }

    private final ReplyHead head;
    private final List<Echo> echoes;
    private final int numEach;
    private final Told told;
    private final int[] offsets;

    /// @param echoes  one for each prompt
    /// @param numEach answers to each prompt
    CompletionReply(ReplyHead head, List<Echo> echoes, int numEach, Told told) {
        this.head = head;
        this.echoes = echoes;
        this.numEach = numEach;
        this.told = told;
        this.offsets = new int[echoes.size() * numEach];
    }

    @Override
    public Optional<String> id() {
        return Optional.of(head.id());
    }

    @Override
    public Completion whole(PromptSize prompt, List<CollectedAnswer> answers) {
        return completion(
                IntStream.range(0, answers.size()).mapToObj(i -> choice(i, answers)).toList(),
                usage(answers.stream().map(CollectedAnswer::finished).toList()));
    }

    private Completion.Choice choice(int index, List<CollectedAnswer> answers) {
        CollectedAnswer answer = answers.get(index);
        // the first of a prompt's answers alone is told of the prompt
        List<Optional<TokenScore>> promptScores =
                answers.get(index - index % numEach).promptScores();
        List<Optional<TokenScore>> scores = new ArrayList<>();
        if (told.echo()) {
            scores.addAll(promptScores);
        }
        answer.scores().forEach(score -> scores.add(Optional.of(score)));
        Echo echo = echoes.get(index / numEach);
        return new Completion.Choice(
                index,
                echo.text() + answer.reasoning() + answer.text(),
                told.logprobs() ? logprobs(index, scores) : null,
                FinishReasonRecord.of(answer.finished()),
                answer.finished().stop().orElse(null),
                told.promptLogprobs() ? LogprobRecords.ofPrompt(promptScores) : null,
                told.tokenIds() ? answer.finished().tokenIds() : null);
    }

    @Override
    public void begin(EventStream stream, int numAnswers) {
        if (told.echo() && !told.logprobs()) {
            for (int index = 0; index < numAnswers; index++) {
                send(stream, index, echoes.get(index / numEach).text(), null);
            }
        }
    }

    @Override
    public void event(EventStream stream, int index, GenerationEvent event) {
        switch (event) {
            case PromptScored(List<Optional<TokenScore>> scores) -> {
                // the scores of an echoed prompt come with its text
                for (int i = 0; told.echo() && told.logprobs() && i < numEach; i++) {
                    String text = echoes.get(index / numEach).text();
                    send(stream, index + i, text, logprobs(index + i, scores));
                }
                if (told.promptLogprobs()) {
                    sendPromptLogprobs(stream, index, scores);
                }
            }
            case TextDelta(String text, List<TokenScore> scores) ->
                    send(
                            stream,
                            index,
                            text,
                            told.logprobs()
                                    ? logprobs(index, scores.stream().map(Optional::of).toList())
                                    : null);
            case ReasoningDelta(String text) -> send(stream, index, text, null);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    Finished _,
                    GenerationEvent.Failed _ ->
                    throw new IllegalArgumentException("no piece of a completion: " + event);
        }
    }

    @Override
    public void finished(EventStream stream, int index, Finished end) {
        Completion.Choice choice =
                new Completion.Choice(
                        index,
                        "",
                        null,
                        FinishReasonRecord.of(end),
                        end.stop().orElse(null),
                        null,
                        told.tokenIds() ? end.tokenIds() : null);
        stream.send(completion(List.of(choice), null));
    }

    @Override
    public void end(EventStream stream, PromptSize prompt, List<Finished> ends) {
        if (told.usage()) {
            stream.send(completion(List.of(), usage(ends)));
        }
        stream.done();
    }

    @Override
    public void fault(EventStream stream, HttpFault fault) {
        stream.send(fault.body());
    }

    private void send(EventStream stream, int index, String text, Completion.Logprobs logprobs) {
        Completion.Choice choice =
                new Completion.Choice(index, text, logprobs, null, null, null, null);
        stream.send(completion(List.of(choice), null));
    }

    private void sendPromptLogprobs(
            EventStream stream, int index, List<Optional<TokenScore>> scores) {
        Completion.Choice choice =
                new Completion.Choice(
                        index, "", null, null, null, LogprobRecords.ofPrompt(scores), null);
        stream.send(completion(List.of(choice), null));
    }

    /// @param scores of tokens that come next in the answer's text
    private Completion.Logprobs logprobs(int index, List<Optional<TokenScore>> scores) {
        List<String> tokens = new ArrayList<>();
        List<Double> tokenLogprobs = new ArrayList<>();
        List<Map<String, Double>> topLogprobs = new ArrayList<>();
        List<Integer> textOffset = new ArrayList<>();
        for (Optional<TokenScore> score : scores) {
            String text =
                    score.map(LogprobRecords::text)
                            .orElseGet(() -> echoes.get(index / numEach).firstToken());
            tokens.add(text);
            tokenLogprobs.add(score.map(LogprobRecords::logprob).orElse(null));
            topLogprobs.add(score.map(CompletionReply::top).orElse(null));
            textOffset.add(offsets[index]);
            offsets[index] += text.length();
        }
        return new Completion.Logprobs(tokens, tokenLogprobs, topLogprobs, textOffset);
    }

    private static Map<String, Double> top(TokenScore score) {
        Map<String, Double> top = new LinkedHashMap<>();
        score.top()
                .forEach(likely ->
                        top.putIfAbsent(
                                LogprobRecords.text(likely), LogprobRecords.logprob(likely)));
        return top;
    }

    /// Each prompt counts once.
    private Usage usage(List<Finished> ends) {
        return UsageRecord.of(
                IntStream.range(0, echoes.size())
                        .mapToObj(prompt ->
                                UsageRecord.together(
                                        ends.subList(prompt * numEach, (prompt + 1) * numEach)))
                        .reduce(CompletionReply::sum)
                        .orElseThrow());
    }

    private static io.moonglass.runtime.Usage sum(
            io.moonglass.runtime.Usage one, io.moonglass.runtime.Usage other) {
        return new io.moonglass.runtime.Usage(
                one.promptTokens() + other.promptTokens(),
                one.imageTokens() + other.imageTokens(),
                one.videoTokens() + other.videoTokens(),
                one.cachedTokens() + other.cachedTokens(),
                one.completionTokens() + other.completionTokens(),
                one.reasoningTokens() + other.reasoningTokens());
    }

    private Completion completion(List<Completion.Choice> choices, Usage usage) {
        return new Completion(
                head.id(),
                Completion.OBJECT,
                head.created(),
                head.model(),
                ReplyHead.FINGERPRINT,
                choices,
                usage);
    }
}
