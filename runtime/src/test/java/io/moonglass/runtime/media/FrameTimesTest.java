package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.ImagePreprocessor;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTimesTest {

    private static final double[] HALF = {0.5, 0.5, 0.5};
    private static final ImagePreprocessor PREPROCESSOR =
            new ImagePreprocessor(new PreprocessorConfig(14, 4096, true, HALF, HALF, 2));
    private static final int PLENTY = 1_000_000_000;

    @Test
    void frames_come_at_their_rate_from_the_beginning_to_before_the_end() {
        FrameTimes times = of(3, OptionalDouble.of(2), 100, PLENTY);

        assertArrayEquals(new double[] {0, 0.5, 1, 1.5, 2, 2.5}, times.seconds());
        assertEquals(OptionalLong.empty(), times.maxPixels());
        assertEquals(43 * 25, times.numTokens()); // 1280 x 720 shrinks to 1202 x 676
        assertEquals(6L * 43 * 25, times.totalTokens());
    }

    @Test
    void a_length_that_is_a_whole_number_of_frames_but_for_rounding_has_no_moment_at_its_end() {
        assertEquals(55, of(2.2, OptionalDouble.of(25), 10_000, PLENTY).seconds().length);
        assertEquals(1011, of(33.7, OptionalDouble.of(30), 10_000, PLENTY).seconds().length);
    }

    @Test
    void without_a_wish_there_is_one_frame_a_second() {
        assertArrayEquals(
                new double[] {0, 1, 2}, of(2.5, OptionalDouble.empty(), 100, PLENTY).seconds());
    }

    @Test
    void more_moments_than_frames_are_shown_evenly_from_the_first_to_the_last() {
        assertArrayEquals(
                new double[] {0, 3, 6, 9}, of(10, OptionalDouble.of(1), 4, PLENTY).seconds());
        assertArrayEquals(new double[] {0, 9}, of(10, OptionalDouble.of(1), 2, PLENTY).seconds());
        assertArrayEquals(new double[] {0}, of(10, OptionalDouble.of(1), 1, PLENTY).seconds());
        assertArrayEquals(new double[] {0, 1, 2}, of(3, OptionalDouble.of(1), 3, PLENTY).seconds());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY, -0.0})
    void a_video_of_unknown_length_is_its_first_frame(double seconds) {
        assertArrayEquals(
                new double[] {0}, of(seconds, OptionalDouble.of(30), 100, PLENTY).seconds());
    }

    @ParameterizedTest
    @CsvSource({
        "1e308, 1e308",
        "1e308, 1e-308",
        "1e-308, 1e308",
        "5e-324, 5e-324",
        "31557600, 30",
        "1e308, 1",
        "60, 1e308"
    })
    void extreme_lengths_and_rates_give_moments_inside_of_the_video(double seconds, double fps) {
        FrameTimes times = of(seconds, OptionalDouble.of(fps), 1_000, PLENTY);
        double before = -1;
        for (double moment : times.seconds()) {
            assertTrue(moment > before && moment <= seconds, moment + " after " + before);
            before = moment;
        }
        assertTrue(times.seconds().length <= 1_000);
        assertEquals(0, times.seconds()[0]);
    }

    @Test
    void a_year_of_video_is_shown_to_its_end() {
        double year = 365.25 * 86_400;
        FrameTimes times = of(year, OptionalDouble.of(30), 64, 128 * 64);
        assertEquals(64, times.seconds().length);
        assertEquals(year, times.seconds()[63], 1);
        assertTrue(times.totalTokens() <= 128 * 64);
    }

    @Test
    void frames_become_smaller_before_there_are_fewer() {
        FrameTimes smaller = of(10, OptionalDouble.of(1), 100, 10 * 200);

        assertEquals(10, smaller.seconds().length);
        assertTrue(smaller.numTokens() <= 200 && smaller.numTokens() > 170, "" + smaller);
        assertEquals(
                smaller.numTokens(),
                PREPROCESSOR.fittedSize(1280, 720, smaller.maxPixels()).numTokens());

        FrameTimes fewer = of(100, OptionalDouble.of(1), 100, 100 * 20);

        assertTrue(fewer.seconds().length < 100 && fewer.seconds().length >= 2_000 / 64);
        assertTrue(fewer.numTokens() > 50 && fewer.numTokens() <= 70, "" + fewer.numTokens());
        assertTrue(fewer.totalTokens() <= 2_000);
        assertEquals(99, fewer.seconds()[fewer.seconds().length - 1]);
    }

    @Test
    void a_budget_below_the_least_size_shows_one_small_frame() {
        FrameTimes times = of(100, OptionalDouble.of(1), 100, 10);
        assertArrayEquals(new double[] {0}, times.seconds());
        assertTrue(times.numTokens() <= 10 && times.numTokens() >= 6, "" + times.numTokens());
    }

    @Test
    void a_video_that_is_small_anyway_keeps_its_size() {
        FrameSampling sampling = new FrameSampling(OptionalDouble.of(1), 100, 40, 64);
        FrameTimes times = FrameTimes.of(100, sampling, tokens(56, 56));
        assertEquals(4, times.numTokens());
        assertEquals(OptionalLong.empty(), times.maxPixels());
        assertEquals(10, times.seconds().length);
    }

    @Test
    void the_budget_holds_for_any_video_and_is_used() {
        Random random = new Random(5);
        for (int round = 0; round < 2_000; round++) {
            int width = 1 + random.nextInt(4_000);
            int height = 1 + random.nextInt(4_000);
            int maxTokens = 1 + (int) Math.pow(10, random.nextDouble() * 6);
            FrameSampling sampling =
                    new FrameSampling(
                            OptionalDouble.of(Math.pow(10, random.nextDouble() * 6 - 3)),
                            1 + random.nextInt(500),
                            maxTokens,
                            64);
            double seconds = Math.pow(10, random.nextDouble() * 6 - 1);
            String what = "%d x %d, %s s, %s".formatted(width, height, seconds, sampling);
            try {
                FrameTimes times = FrameTimes.of(seconds, sampling, tokens(width, height));
                assertTrue(times.totalTokens() <= maxTokens, what);
                assertEquals(
                        times.numTokens(),
                        PREPROCESSOR.fittedSize(width, height, times.maxPixels()).numTokens());
                assertTrue(times.seconds().length <= sampling.maxFrames(), what);
            } catch (InvalidRequestException e) {
                assertTrue(
                        "max_video_tokens".equals(e.param()) && maxTokens < 512
                                || e.param() == null,
                        what + ": " + e.getMessage());
            }
        }
    }

    @Test
    void one_frame_that_cannot_be_made_small_enough_is_the_callers_fault() {
        FrameSampling sampling = new FrameSampling(OptionalDouble.empty(), 10, 1, 64);
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () -> FrameTimes.of(10, sampling, tokens(5_000, 14)));
        assertEquals("max_video_tokens", e.param());
    }

    @ParameterizedTest
    @ValueSource(
            doubles = {0, -1, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void an_absurd_rate_is_refused_by_name(double fps) {
        assertEquals("fps", refused(OptionalDouble.of(fps), 10, 100));
    }

    @Test
    void absurd_limits_are_refused_by_name() {
        assertEquals("max_frames", refused(OptionalDouble.of(1), 0, 100));
        assertEquals("max_frames", refused(OptionalDouble.of(1), -1, 100));
        assertEquals("max_frames", refused(OptionalDouble.empty(), Integer.MAX_VALUE, 100));
        assertEquals("max_video_tokens", refused(OptionalDouble.of(1), 10, 0));
        assertEquals("max_video_tokens", refused(OptionalDouble.of(1), 10, Integer.MIN_VALUE));
    }

    @ParameterizedTest
    @CsvSource({
        "0, [00:00.0]",
        "0.04, [00:00.0]",
        "0.05, [00:00.1]",
        "59.94, [00:59.9]",
        "59.96, [01:00.0]",
        "61.5, [01:01.5]",
        "3599.99, [60:00.0]",
        "31557600, [525960:00.0]"
    })
    void time_stamps_are_minutes_and_seconds_with_tenths(double seconds, String stamp) {
        assertEquals(stamp + " ", Timestamp.of(seconds));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, 1e308, Double.NEGATIVE_INFINITY})
    void no_moment_has_no_time_stamp(double seconds) {
        assertThrows(IllegalArgumentException.class, () -> Timestamp.of(seconds));
    }

    private static String refused(OptionalDouble fps, int maxFrames, int maxTokens) {
        return assertThrows(
                        InvalidRequestException.class,
                        () -> new FrameSampling(fps, maxFrames, maxTokens, 64))
                .param();
    }

    private static FrameTimes of(double seconds, OptionalDouble fps, int maxFrames, int maxTokens) {
        return FrameTimes.of(
                seconds, new FrameSampling(fps, maxFrames, maxTokens, 64), tokens(1280, 720));
    }

    private static FrameTokens tokens(int width, int height) {
        return new FrameTokens() {
            @Override
            public int of(OptionalLong maxPixels) {
                return PREPROCESSOR.fittedSize(width, height, maxPixels).numTokens();
            }

            @Override
            public long pixelsPerToken() {
                return 28 * 28;
            }
        };
    }
}
