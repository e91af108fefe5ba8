package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RequestTimelineTest {

    private final RequestTimeline timeline = new RequestTimeline();

    @Test
    void a_request_waits_in_admission_until_it_is_admitted_and_in_the_queue_after_that() {
        assertEquals(Optional.of(Stage.ADMISSION), timeline.stage());
        try (RequestTimeline.Work _ = timeline.begin(Stage.DOWNLOAD)) {
            assertEquals(Optional.of(Stage.DOWNLOAD), timeline.stage());
        }
        assertEquals(Optional.of(Stage.ADMISSION), timeline.stage());

        timeline.admitted();

        assertEquals(Optional.of(Stage.QUEUE), timeline.stage());
    }

    @Test
    void it_waits_until_its_first_prompt_is_computed() {
        timeline.admitted();
        timeline.begin(Stage.ENCODE).close();
        assertTrue(timeline.isWaiting());

        RequestTimeline.Work prompt = timeline.begin(Stage.PROMPT);
        assertFalse(timeline.isWaiting());
        prompt.close();

        assertFalse(timeline.isWaiting(), "another of its prompts waits");
    }

    @Test
    void work_of_one_stage_that_overlaps_is_one_period() {
        timeline.admitted();
        RequestTimeline.Work first = timeline.begin(Stage.DECODE);
        RequestTimeline.Work second = timeline.begin(Stage.DECODE);
        first.close();
        assertEquals(Optional.of(Stage.DECODE), timeline.stage());
        second.close();
        second.close();
        timeline.begin(Stage.DECODE).close();
        timeline.end();

        RequestTimeline.Period decode = period(Stage.DECODE);
        assertTrue(decode.active().compareTo(decode.length()) <= 0, decode.toString());
        assertTrue(decode.work().compareTo(decode.active()) >= 0, decode.toString());
        assertEquals(
                List.of(Stage.ADMISSION, Stage.QUEUE, Stage.DECODE),
                timeline.periods().stream().map(RequestTimeline.Period::stage).toList());
    }

    @Test
    void stages_that_follow_each_other_leave_no_gap() {
        timeline.begin(Stage.DOWNLOAD).close();
        timeline.admitted();
        timeline.begin(Stage.ENCODE).close();
        RequestTimeline.Work prompt = timeline.begin(Stage.PROMPT);
        prompt.close();
        timeline.end();

        Duration sum =
                timeline.periods().stream()
                        .map(RequestTimeline.Period::active)
                        .reduce(Duration.ZERO, Duration::plus);

        assertEquals(timeline.length(), sum);
    }

    @Test
    void a_request_that_is_answered_is_in_no_stage() {
        timeline.admitted();
        timeline.begin(Stage.DECODING).close();

        timeline.answered();

        assertEquals(Optional.empty(), timeline.stage());
        assertFalse(timeline.isWaiting());
    }

    @Test
    void what_comes_after_the_end_counts_no_more() {
        RequestTimeline.Work open = timeline.begin(Stage.ENCODE);
        timeline.end();
        List<RequestTimeline.Period> periods = timeline.periods();
        Duration length = timeline.length();

        open.close();
        timeline.begin(Stage.PROMPT);
        timeline.admitted();
        timeline.end();

        assertEquals(periods, timeline.periods());
        assertEquals(length, timeline.length());
        assertEquals(Optional.empty(), timeline.stage());
        assertFalse(timeline.isWaiting());
    }

    @Test
    void the_first_token_is_told_once() {
        AtomicInteger told = new AtomicInteger();
        RequestTimeline watched = new RequestTimeline(_ -> told.incrementAndGet());
        assertEquals(Optional.empty(), watched.timeToFirstToken());

        watched.generated();
        Optional<Duration> first = watched.timeToFirstToken();
        watched.generated();

        assertEquals(1, told.get());
        assertTrue(first.isPresent());
        assertEquals(first, watched.timeToFirstToken());
        assertEquals(2, watched.generatedTokens());
    }

    @Test
    void answers_and_tokens_of_all_prompts_add_up() {
        timeline.promptMeasured(10);
        timeline.promptMeasured(5);
        timeline.promptComputed(4);
        timeline.finished(FinishReason.STOP);
        timeline.finished(FinishReason.STOP);
        timeline.finished(FinishReason.LENGTH);

        assertEquals(15, timeline.promptTokens());
        assertEquals(4, timeline.cachedTokens());
        assertEquals(Map.of(FinishReason.STOP, 2, FinishReason.LENGTH, 1), timeline.answers());
    }

    private RequestTimeline.Period period(Stage stage) {
        return timeline.periods().stream()
                .filter(period -> period.stage() == stage)
                .findFirst()
                .orElseThrow();
    }
}
