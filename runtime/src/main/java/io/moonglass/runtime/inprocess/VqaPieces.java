package io.moonglass.runtime.inprocess;

import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.PicturesPrepared;
import io.moonglass.runtime.GenerationEvent.PromptMeasured;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.wire.VqaWriter;

/// Streams the answer to a question about pictures.
final class VqaPieces implements RunningAnswers.Taker {

    private final VqaWriter writer;
    private final PieceStream stream;
    private Finished end;

    VqaPieces(VqaWriter writer, PieceStream stream) {
        this.writer = writer;
        this.stream = stream;
    }

    @Override
    public void take(int answer, GenerationEvent event) {
        switch (event) {
            case PromptMeasured _, PicturesPrepared _ -> {}
            case Finished finished -> end = finished;
            case GenerationEvent.PromptScored _,
                    GenerationEvent.TextDelta _,
                    GenerationEvent.ReasoningDelta _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    GenerationEvent.Failed _ ->
                    stream.send(writer.piece(event));
        }
    }

    /// The answer has ended.
    void end(PromptSize prompt) {
        stream.send(writer.end(prompt, end));
    }
}
