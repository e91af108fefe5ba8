package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.loader.tokenizer.StreamingDecoder;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// One answer on its way from tokens to events: tokens to text (never half a character), text to
/// reasoning and answer, the answer to calls of tools and what is said, that up to the first stop string.
public final class AnswerStream implements TokenSink {

    private final StreamingDecoder decoder;
    private final TokenScores tokenScores;
    private final AnswerShape shape;
    private final Reasoning reasoning;
    private final ToolCallReader toolCalls;
    private final StopStrings stopStrings;
    private final PendingScores scores = new PendingScores();
    private final Consumer<GenerationEvent> events;
    private final int[] promptTokenIds;
    private final PromptSize prompt;
    private final List<Optional<TokenScore>> promptScores = new ArrayList<>();
    private final List<Integer> tokenIds = new ArrayList<>();
    private int reasoningTokens;
    private int cachedTokens;
    private long numAnswerChars;

    public AnswerStream(
            Tokenizer tokenizer,
            AnswerShape shape,
            int[] promptTokenIds,
            PromptSize prompt,
            Consumer<GenerationEvent> events) {
        this.decoder = tokenizer.streamingDecoder(shape.skipSpecialTokens());
        this.tokenScores = new TokenScores(tokenizer);
        this.shape = shape;
        this.stopStrings = new StopStrings(shape.stops());
        this.toolCalls = new ToolCallReader(shape.toolNames(), new Telling());
        this.reasoning = new Reasoning(this::tellReasoning, toolCalls::push);
        this.promptTokenIds = promptTokenIds;
        this.prompt = prompt;
        this.events = events;
    }

    @Override
    public void promptScored(int position, TokenLogprobs logprobs) {
        // pictures' positions are not scored, nor is the first
        while (promptScores.size() < position) {
            promptScores.add(Optional.empty());
        }
        promptScores.add(
                Optional.ofNullable(logprobs)
                        .map(told -> tokenScores.of(promptTokenIds[position], told)));
    }

    @Override
    public void promptComputed(int numCachedTokens) {
        cachedTokens = numCachedTokens;
        if (!promptScores.isEmpty()) {
            events.accept(new GenerationEvent.PromptScored(List.copyOf(promptScores)));
        }
    }

    @Override
    public boolean accept(int tokenId, TokenLogprobs logprobs) {
        tokenIds.add(tokenId);
        boolean wasReasoning = reasoning.isOpen();
        long begin = numAnswerChars;
        boolean isText = !shape.stopTokenIds().contains(tokenId);
        String text = isText ? decoder.push(tokenId) : "";
        // before the text is out, and so its score with it
        if (logprobs != null && isText && !wasReasoning) {
            scores.add(tokenScores.of(tokenId, logprobs), begin);
        }
        reasoning.push(text);
        if (wasReasoning || reasoning.isOpen()) {
            reasoningTokens++;
            scores.forgetFrom(numAnswerChars);
        }
        if (toolCalls.isInCall()) {
            scores.forgetFrom(numAnswerChars);
        }
        boolean enoughCalls = !shape.manyCalls() && toolCalls.numCompleted() > 0;
        return stopStrings.found().isEmpty() && !enoughCalls;
    }

    @Override
    public void finished(FinishReason reason) {
        reasoning.push(decoder.flush());
        reasoning.flush();
        toolCalls.flush();
        emit(stopStrings.flush());
        if (stopStrings.found().isEmpty() && !scores.rest().isEmpty()) {
            events.accept(new GenerationEvent.TextDelta("", scores.rest()));
        }
        Usage usage =
                new Usage(
                        prompt.tokens(),
                        prompt.imageTokens(),
                        prompt.videoTokens(),
                        cachedTokens,
                        tokenIds.size(),
                        reasoningTokens);
        FinishReason told = stopStrings.found().isPresent() ? FinishReason.STOP : reason;
        events.accept(
                new GenerationEvent.Finished(
                        told, usage, List.copyOf(tokenIds), stopStrings.found()));
    }

    @Override
    public void failed(RuntimeException fault) {
        events.accept(new GenerationEvent.Failed(fault));
    }

    private void tellReasoning(String text) {
        events.accept(new GenerationEvent.ReasoningDelta(text));
    }

    private void emit(String text) {
        if (!text.isEmpty()) {
            events.accept(new GenerationEvent.TextDelta(text, scores.released(text.length())));
        }
    }

    private final class Telling implements ToolCallReader.Taker {

        @Override
        public void text(String more) {
            numAnswerChars += more.length();
            emit(stopStrings.push(more));
        }

        @Override
        public void begun(int index, String name) {
            scores.forgetFrom(numAnswerChars);
            String id = "call_" + UUID.randomUUID().toString().replace("-", "");
            events.accept(new GenerationEvent.ToolCallBegun(index, id, name));
        }

        @Override
        public void arguments(int index, String json) {
            events.accept(new GenerationEvent.ToolArgumentsDelta(index, json));
        }
    }
}
