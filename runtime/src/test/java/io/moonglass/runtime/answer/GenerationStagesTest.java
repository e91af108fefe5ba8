package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GenerationStagesTest {

    private final RequestTimeline timeline = new RequestTimeline();
    private final GenerationStages stages = new GenerationStages(timeline);
    private final TokenSink first = stages.timed(new SilentSink());
    private final TokenSink second = stages.timed(new SilentSink());

    @BeforeEach
    void admit() {
        timeline.admitted();
    }

    @Test
    void a_prompt_that_is_preempted_waits_until_it_begins_again() {
        first.begun();
        assertStage(Stage.PROMPT);
        first.preempted();
        assertStage(Stage.QUEUE);
        assertTrue(timeline.isWaiting());

        first.begun();

        assertStage(Stage.PROMPT);
    }

    @Test
    void answers_decode_for_as_long_as_one_of_them_has_a_place() {
        first.begun();
        first.promptComputed(3);
        second.promptComputed(3);
        assertStage(Stage.DECODING);

        first.finished(FinishReason.STOP);
        assertStage(Stage.DECODING);
        second.preempted();
        assertStage(Stage.QUEUE);
        second.begun();
        assertStage(Stage.DECODING);
        second.finished(FinishReason.LENGTH);

        assertStage(Stage.QUEUE);
        assertEquals(3, timeline.cachedTokens(), "both have one prompt");
    }

    @Test
    void an_answer_that_fails_leaves_no_stage_open() {
        first.begun();

        first.failed(new IllegalStateException());
        second.failed(new IllegalStateException());

        assertStage(Stage.QUEUE);
    }

    private void assertStage(Stage stage) {
        assertEquals(Optional.of(stage), timeline.stage());
    }

    private static final class SilentSink implements TokenSink {

        @Override
        public boolean accept(int tokenId, TokenLogprobs logprobs) {
            return true;
        }

        @Override
        public void finished(FinishReason reason) {}

        @Override
        public void failed(RuntimeException fault) {}
    }
}
