package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;

/// Tells a timeline how far the answers to one prompt are. Engine's thread, once the first of its sinks is called.
public final class GenerationStages {

    private final RequestTimeline timeline;
    private RequestTimeline.Work work;
    private boolean isComputed;
    private int numOpen;

    /// @param numAnswers to the prompt
    public GenerationStages(RequestTimeline timeline, int numAnswers) {
        this.timeline = timeline;
        this.numOpen = numAnswers;
    }

    /// A sink of one answer that is timed.
    public TokenSink timed(TokenSink sink) {
        return new TimedSink(sink);
    }

    private void begun() {
        if (work == null) {
            work = timeline.begin(Stage.PROMPT);
        }
    }

    /// Answers to one prompt have it computed once.
    private void promptComputed(int numCachedTokens) {
        if (isComputed) {
            return;
        }
        isComputed = true;
        begun();
        work.close();
        work = timeline.begin(Stage.DECODING);
        timeline.promptComputed(numCachedTokens);
    }

    private void ended() {
        if (--numOpen == 0 && work != null) {
            work.close();
        }
    }

    private final class TimedSink implements TokenSink {

        private final TokenSink sink;

        TimedSink(TokenSink sink) {
            this.sink = sink;
        }

        @Override
        public void begun() {
            GenerationStages.this.begun();
            sink.begun();
        }

        @Override
        public void promptScored(int position, TokenLogprobs logprobs) {
            sink.promptScored(position, logprobs);
        }

        @Override
        public void features(float[] mean) {
            sink.features(mean);
        }

        @Override
        public void promptComputed(int numCachedTokens) {
            GenerationStages.this.promptComputed(numCachedTokens);
            sink.promptComputed(numCachedTokens);
        }

        @Override
        public boolean accept(int tokenId, TokenLogprobs logprobs) {
            timeline.generated();
            return sink.accept(tokenId, logprobs);
        }

        @Override
        public void finished(FinishReason reason) {
            timeline.finished(reason);
            ended();
            sink.finished(reason);
        }

        @Override
        public void failed(RuntimeException fault) {
            ended();
            sink.failed(fault);
        }
    }
}
