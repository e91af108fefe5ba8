package io.moonglass.runtime.inprocess;

import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.PicturesPrepared;
import io.moonglass.runtime.GenerationEvent.PromptMeasured;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.ChatCall;
import io.moonglass.runtime.wire.ChatCompletionWriter;
import java.util.List;

/// Streams the answers of one chat completion.
final class ChatPieces implements RunningAnswers.Taker {

    private final ChatCompletionWriter writer;
    private final boolean tellsProgress;
    private final PieceStream stream;
    private final Finished[] ends;
    private boolean hasBegun;

    ChatPieces(ChatCompletionWriter writer, ChatCall call, PieceStream stream) {
        this.writer = writer;
        this.tellsProgress = call.told().progress();
        this.stream = stream;
        this.ends = new Finished[call.numAnswers()];
    }

    @Override
    public void prepared() {
        begin();
    }

    @Override
    public void take(int answer, GenerationEvent event) {
        boolean isSilent =
                event instanceof PromptMeasured
                        || event instanceof PicturesPrepared && !tellsProgress;
        if (isSilent) {
            return;
        }
        begin();
        if (event instanceof Finished end) {
            ends[answer] = end;
            stream.send(writer.finished(answer, end));
        } else {
            writer.piece(answer, event).ifPresent(stream::send);
        }
    }

    /// All answers have ended.
    void end(PromptSize prompt, RequestTimeline timeline) {
        writer.end(prompt, List.of(ends)).ifPresent(stream::send);
        writer.timings(timeline).ifPresent(stream::send);
    }

    private void begin() {
        if (!hasBegun) {
            hasBegun = true;
            writer.begin(ends.length).forEach(stream::send);
        }
    }
}
