package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;

/// Tells a timeline how far the answers to one prompt are. Engine's thread, once one of its sinks is called.
public final class GenerationStages {

    private final RequestTimeline timeline;
    private RequestTimeline.Work work;
    private boolean isComputed;
    private int numRunning;

    public GenerationStages(RequestTimeline timeline) {
        this.timeline = timeline;
    }

    /// A sink of one answer that is timed.
    public TokenSink timed(TokenSink sink) {
        return new TimedSink(sink);
    }

    private void begin() {
        work = timeline.begin(isComputed ? Stage.DECODING : Stage.PROMPT);
    }

    /// Answers to one prompt have it computed once.
    private void promptComputed(int numCachedTokens) {
        if (!isComputed) {
            isComputed = true;
            work.close();
            begin();
            timeline.promptComputed(numCachedTokens);
        }
    }

    private final class TimedSink implements TokenSink {

        private final TokenSink sink;
        private boolean isRunning;

        TimedSink(TokenSink sink) {
            this.sink = sink;
        }

        private void run() {
            if (!isRunning) {
                isRunning = true;
                if (numRunning++ == 0) {
                    begin();
                }
            }
        }

        private void pause() {
            if (isRunning) {
                isRunning = false;
                if (--numRunning == 0) {
                    work.close();
                }
            }
        }

        @Override
        public void begun() {
            run();
            sink.begun();
        }

        @Override
        public void preempted() {
            pause();
            sink.preempted();
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
            run();
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
            pause();
            sink.finished(reason);
        }

        @Override
        public void failed(RuntimeException fault) {
            pause();
            sink.failed(fault);
        }
    }
}
