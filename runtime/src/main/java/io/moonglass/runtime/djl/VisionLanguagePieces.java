package io.moonglass.runtime.djl;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.Usage;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/// What a model answers to a [VisionLanguageInput], piece by piece as it comes. The pieces can be gone through once, by one
/// thread. Closing it before the end ends the generation; one that was read to its end needs no closing.
public final class VisionLanguagePieces implements Iterable<String>, AutoCloseable {

    private final Stream<String> pieces;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private Iterator<String> taken;
    private String finishReason;
    private Usage usage;

    /// Of an answer that is there.
    VisionLanguagePieces(VisionLanguageOutput whole) {
        this.pieces = List.of(whole.text()).stream().peek(text::append);
        this.reasoning.append(whole.reasoning());
        this.finishReason = whole.finishReason();
        this.usage = whole.usage();
    }

    /// Of an answer that comes.
    VisionLanguagePieces(AnswerStream<ChatCompletionChunk> answer) {
        this.pieces =
                answer.stream()
                        .peek(this::collect)
                        .map(ChatCompletionChunk::text)
                        .filter(piece -> !piece.isEmpty());
    }

    private void collect(ChatCompletionChunk chunk) {
        text.append(chunk.text());
        reasoning.append(chunk.reasoningText());
        if (!chunk.choices().isEmpty() && chunk.choices().get(0).finishReason() != null) {
            finishReason = chunk.choices().get(0).finishReason();
        }
        usage = chunk.usage() == null ? usage : chunk.usage();
    }

    /// The pieces of the answer's text, each when it comes. The iterator throws a
    /// [io.moonglass.clients.MoonglassException] if the answer breaks off.
    @Override
    public Iterator<String> iterator() {
        if (taken == null) {
            taken = pieces.iterator();
        }
        return taken;
    }

    /// Waits for what is still to come.
    ///
    /// @return the whole answer, with what was read before
    public VisionLanguageOutput whole() {
        iterator().forEachRemaining(piece -> {});
        return new VisionLanguageOutput(text.toString(), reasoning.toString(), finishReason, usage);
    }

    @Override
    public void close() {
        pieces.close();
    }
}
