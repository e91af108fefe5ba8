package io.moonglass.runtime.wire;

import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// One answer of a request as it has come so far.
public final class CollectedAnswer {

    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final List<TokenScore> scores = new ArrayList<>();
    private final List<GenerationEvent.ToolCallBegun> calls = new ArrayList<>();
    private final List<StringBuilder> arguments = new ArrayList<>();
    private List<Optional<TokenScore>> promptScores = List.of();
    private Finished finished;

    public void add(GenerationEvent event) {
        switch (event) {
            case GenerationEvent.PromptMeasured _, GenerationEvent.PicturesPrepared _ -> {}
            case GenerationEvent.PromptScored(List<Optional<TokenScore>> told) ->
                    promptScores = told;
            case GenerationEvent.TextDelta(String more, List<TokenScore> told) -> {
                text.append(more);
                scores.addAll(told);
            }
            case GenerationEvent.ReasoningDelta(String more) -> reasoning.append(more);
            case GenerationEvent.ToolCallBegun call -> {
                calls.add(call);
                arguments.add(new StringBuilder());
            }
            case GenerationEvent.ToolArgumentsDelta(int index, String json) ->
                    arguments.get(index).append(json);
            case Finished end -> finished = end;
            case GenerationEvent.Failed(RuntimeException cause) -> throw cause;
        }
    }

    public String text() {
        return text.toString();
    }

    public String reasoning() {
        return reasoning.toString();
    }

    /// Of the answer's tokens; none where the request did not ask for them.
    public List<TokenScore> scores() {
        return List.copyOf(scores);
    }

    /// Of the prompt's tokens, if this is the first answer and the request asked for them.
    public List<Optional<TokenScore>> promptScores() {
        return promptScores;
    }

    public List<ToolCall> toolCalls() {
        return IntStream.range(0, calls.size())
                .mapToObj(i ->
                        new ToolCall(
                                calls.get(i).id(),
                                calls.get(i).name(),
                                arguments.get(i).toString()))
                .toList();
    }

    /// All of it in as few deltas as there can be.
    public List<GenerationEvent> deltas() {
        List<GenerationEvent> deltas = new ArrayList<>();
        if (!reasoning.isEmpty()) {
            deltas.add(new GenerationEvent.ReasoningDelta(reasoning()));
        }
        if (!text.isEmpty() || !scores.isEmpty()) {
            deltas.add(new GenerationEvent.TextDelta(text(), scores()));
        }
        for (int i = 0; i < calls.size(); i++) {
            deltas.add(calls.get(i));
            deltas.add(new GenerationEvent.ToolArgumentsDelta(i, arguments.get(i).toString()));
        }
        return deltas;
    }

    /// How it ended; null while it has not.
    public Finished finished() {
        return finished;
    }
}
