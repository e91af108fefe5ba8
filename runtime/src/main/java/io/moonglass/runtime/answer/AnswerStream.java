package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.loader.tokenizer.StreamingDecoder;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// One answer on its way from tokens to events: tokens to text (never half a character), text to
/// reasoning and answer, the answer up to the first stop string.
public final class AnswerStream implements TokenSink {

    private final StreamingDecoder decoder;
    private final Set<Integer> stopTokenIds;
    private final Reasoning reasoning;
    private final StopStrings stopStrings;
    private final Consumer<GenerationEvent> events;
    private final int promptTokens;
    private final int imageTokens;
    private final List<Integer> tokenIds = new ArrayList<>();
    private int reasoningTokens;
    private int cachedTokens;

    /// @param stopTokenIds tokens that end the answer and are no text of it
    /// @param stops        texts that end the answer; they do not end the reasoning
    public AnswerStream(
            StreamingDecoder decoder,
            Set<Integer> stopTokenIds,
            List<String> stops,
            int promptTokens,
            int imageTokens,
            Consumer<GenerationEvent> events) {
        this.decoder = decoder;
        this.stopTokenIds = stopTokenIds;
        this.stopStrings = new StopStrings(stops);
        this.reasoning = new Reasoning(this::tellReasoning, this::tellAnswer);
        this.promptTokens = promptTokens;
        this.imageTokens = imageTokens;
        this.events = events;
    }

    @Override
    public void promptComputed(int numCachedTokens) {
        cachedTokens = numCachedTokens;
    }

    @Override
    public boolean accept(int tokenId, TokenLogprobs logprobs) {
        tokenIds.add(tokenId);
        boolean wasOpen = reasoning.isOpen();
        if (!stopTokenIds.contains(tokenId)) {
            reasoning.push(decoder.push(tokenId));
        }
        if (wasOpen || reasoning.isOpen()) {
            reasoningTokens++;
        }
        return !stopStrings.found();
    }

    @Override
    public void finished(FinishReason reason) {
        reasoning.push(decoder.flush());
        reasoning.flush();
        emit(stopStrings.flush());
        Usage usage =
                new Usage(
                        promptTokens,
                        imageTokens,
                        0,
                        cachedTokens,
                        tokenIds.size(),
                        reasoningTokens);
        FinishReason told = stopStrings.found() ? FinishReason.STOP : reason;
        events.accept(new GenerationEvent.Finished(told, usage, List.copyOf(tokenIds)));
    }

    @Override
    public void failed(RuntimeException fault) {
        events.accept(new GenerationEvent.Failed(fault));
    }

    private void tellReasoning(String text) {
        events.accept(new GenerationEvent.ReasoningDelta(text));
    }

    private void tellAnswer(String text) {
        emit(stopStrings.push(text));
    }

    private void emit(String text) {
        if (!text.isEmpty()) {
            events.accept(new GenerationEvent.TextDelta(text));
        }
    }
}
