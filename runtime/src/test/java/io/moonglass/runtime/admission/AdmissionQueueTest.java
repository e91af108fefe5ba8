package io.moonglass.runtime.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.answer.ClosingSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionQueueTest {

    private double tokensPerSecond = 10;
    private double pixelsPerSecond = 100;
    private final AdmissionQueue queue =
            new AdmissionQueue(
                    new QueueLimits(OptionalLong.of(100), 1_000),
                    5_000,
                    () -> tokensPerSecond,
                    () -> pixelsPerSecond);

    @Test
    void what_fits_beside_what_waits_is_admitted_and_one_more_token_or_pixel_is_not() {
        queue.admit(60, 600);

        assertThrows(OverloadedException.class, () -> queue.admit(41, 0));
        assertThrows(OverloadedException.class, () -> queue.admit(1, 401));
        queue.admit(40, 400);

        assertEquals(new QueueStatistics(100, 1_000, 100, 1_000), queue.statistics());
    }

    @Test
    void where_nothing_waits_one_request_is_admitted_however_large_it_is() {
        AdmissionQueue.Share large = queue.admit(1_000, 10_000);

        assertThrows(OverloadedException.class, () -> queue.admit(1, 0));
        large.close();
        queue.admit(1, 1);
    }

    @Test
    void pictures_that_wait_are_in_the_way_of_no_text() {
        queue.admit(10, 10_000);

        queue.admit(90, 0);
    }

    @Test
    void each_part_of_a_share_is_given_back_once() {
        AdmissionQueue.Share share = queue.admit(30, 300);
        queue.admit(20, 200);

        share.picturesEncoded();
        assertEquals(50, queue.statistics().tokens());
        assertEquals(200, queue.statistics().pixels());
        share.promptComputed();
        assertEquals(20, queue.statistics().tokens());
        share.promptComputed();
        share.picturesEncoded();
        share.close();
        share.close();

        assertEquals(new QueueStatistics(20, 200, 100, 1_000), queue.statistics());
    }

    @Test
    void a_refused_request_takes_nothing() {
        queue.admit(60, 0);

        assertThrows(OverloadedException.class, () -> queue.admit(50, 500));

        assertEquals(new QueueStatistics(60, 0, 100, 1_000), queue.statistics());
    }

    @ParameterizedTest
    @CsvSource({
        // what waits, what comes, the rate: seconds until as much is done as is in the way
        "100, 50, 10, 5",
        "100, 51, 10, 6",
        "90, 20, 10, 1",
        "90, 11, 1000, 1",
        // larger than the limit: all that waits must go
        "90, 5000, 10, 9",
        // nothing measured: 100 a second
        "1000, 50, 0, 10",
        // never more than ten minutes
        "100000, 50, 1, 600"
    })
    void the_time_to_come_back_is_what_must_drain_over_the_measured_rate(
            long waiting, long coming, double rate, long seconds) {
        tokensPerSecond = rate;
        queue.admit(waiting, 0);

        OverloadedException refusal =
                assertThrows(OverloadedException.class, () -> queue.admit(coming, 0));

        assertEquals(Duration.ofSeconds(seconds), refusal.retryAfter());
    }

    @Test
    void of_tokens_and_pixels_what_takes_longer_is_told() {
        queue.admit(100, 1_000);

        OverloadedException pixels =
                assertThrows(OverloadedException.class, () -> queue.admit(10, 500));
        pixelsPerSecond = 10_000;
        OverloadedException tokens =
                assertThrows(OverloadedException.class, () -> queue.admit(50, 500));

        assertEquals(Duration.ofSeconds(5), pixels.retryAfter());
        assertTrue(
                pixels.getMessage()
                        .startsWith(
                                "pictures of 1,000 pixels wait and this request's have 500, the limit is 1,000"),
                pixels.getMessage());
        assertEquals(Duration.ofSeconds(5), tokens.retryAfter());
        assertTrue(
                tokens.getMessage()
                        .startsWith(
                                "prompts of 100 tokens wait and this one has 50, the limit is 100"),
                tokens.getMessage());
    }

    @Test
    void tokens_are_limited_to_four_contexts_unless_the_operator_says_otherwise() {
        AdmissionQueue unset = new AdmissionQueue(QueueLimits.DEFAULT, 5_000, () -> 0, () -> 0);

        assertEquals(20_000, unset.statistics().maxTokens());
        assertThrows(ConfigException.class, () -> QueueLimits.DEFAULT.withMaxTokens(0));
        assertThrows(ConfigException.class, () -> QueueLimits.DEFAULT.withMaxPixels(0));
    }

    @Test
    void a_prompt_leaves_the_queue_when_it_is_computed_for_any_answer() {
        AdmissionQueue.Share share = queue.admit(30, 300);
        TokenSink one = closing(new Silent(), share);
        TokenSink other = closing(new Silent(), share);

        one.promptComputed(4);
        assertEquals(new QueueStatistics(0, 300, 100, 1_000), queue.statistics());
        other.promptComputed(4);
        one.finished(FinishReason.STOP);
        other.finished(FinishReason.STOP);
        assertEquals(new QueueStatistics(0, 0, 100, 1_000), queue.statistics());
    }

    private static TokenSink closing(TokenSink sink, AdmissionQueue.Share share) {
        return new ClosingSink(sink, share::promptComputed, share::close);
    }

    @Test
    void a_share_is_given_back_before_its_caller_is_told_of_the_end() {
        List<Long> left = new ArrayList<>();
        TokenSink watching =
                new TokenSink() {
                    @Override
                    public boolean accept(int tokenId, TokenLogprobs logprobs) {
                        return true;
                    }

                    @Override
                    public void finished(FinishReason reason) {
                        left.add(queue.statistics().tokens());
                    }

                    @Override
                    public void failed(RuntimeException fault) {
                        left.add(queue.statistics().tokens());
                    }
                };

        closing(watching, queue.admit(30, 0)).finished(FinishReason.CANCELLED);
        closing(watching, queue.admit(30, 0)).failed(new IllegalStateException());

        assertEquals(List.of(0L, 0L), left);
    }

    private static final class Silent implements TokenSink {

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
