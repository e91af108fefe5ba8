package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What the chart's default rules of scaling do with loads: two that are drawn, and one that was recorded of a real server. All is deterministic, so
/// the results are bounded here; docs/kubernetes.md tells them.
class AutoscalingReplayTest {

    private static final int HOUR = 3600;
    private static final int MAX_REPLICAS = 8;

    /// The recorded server computed as many at once.
    private static final int SLOTS = 4;

    private static final LoadReplay.Service SLOW_LOADING =
            new LoadReplay.Service(SLOTS, 10, Duration.ofSeconds(180));
    private static final LoadReplay.Service SLOWER_LOADING =
            new LoadReplay.Service(SLOTS, 10, Duration.ofSeconds(420));

    /// The recording is of one server; so many groups of its callers come at a time.
    private static final int GROUPS = 4;

    private static ScalingRules up;
    private static ScalingRules down;
    private static double target;

    /// The rules as they are rendered, not as they are written here.
    @BeforeAll
    static void read_the_charts_defaults() throws IOException {
        JsonNode autoscaler =
                Chart.withTests()
                        .renderText(
                                "autoscaling: {mode: hpa, maxReplicas: %d, slots: %d}"
                                        .formatted(MAX_REPLICAS, SLOTS))
                        .only("HorizontalPodAutoscaler");
        up = ScalingRules.of(autoscaler.at("/spec/behavior/scaleUp"));
        down = ScalingRules.of(autoscaler.at("/spec/behavior/scaleDown"));
        String averageValue = autoscaler.at("/spec/metrics/0/pods/target/averageValue").asText();
        target = Integer.parseInt(averageValue.substring(0, averageValue.length() - 1)) / 1000.0;
        assertEquals(3.2, target);
    }

    @Test
    void a_step_of_load_is_followed_up_and_down_once() {
        LoadReplay.Result result = byDefault("step, load 180 s", step(), SLOW_LOADING);

        assertTrue(result.flips() <= 1, result::toString);
        assertTrue(result.meanWait() < 15, result::toString);
    }

    @Test
    void a_step_of_load_is_followed_even_where_models_load_for_minutes() {
        LoadReplay.Result result = byDefault("step, load 420 s", step(), SLOWER_LOADING);

        assertTrue(result.flips() <= 1, result::toString);
        assertTrue(result.meanWait() < 60, result::toString);
    }

    @Test
    void a_wave_of_ten_minutes_does_not_make_pods_come_and_go() {
        LoadReplay.Result result = byDefault("wave, load 180 s", wave(), SLOW_LOADING);

        assertTrue(result.flips() <= 2, result::toString);
        assertTrue(result.meanWait() < 15, result::toString);
    }

    @Test
    void what_waits_alone_is_a_worse_signal_and_a_short_window_flaps() throws IOException {
        assertBetterThanUsual("step, load 180 s", step(), SLOW_LOADING, 0);
        assertBetterThanUsual("wave, load 180 s", wave(), SLOW_LOADING, 1);
        LoadRecording recording = recording();
        assertBetterThanUsual(
                "recorded, load 180 s", recording.arrivals(HOUR, GROUPS), service(recording), 1);
    }

    @Test
    void the_recorded_load_is_served_without_pods_that_come_and_go() throws IOException {
        LoadRecording recording = recording();

        LoadReplay.Result result =
                byDefault(
                        "recorded, load 180 s",
                        recording.arrivals(HOUR, GROUPS),
                        service(recording));

        System.out.printf("a recorded request took %.1f s%n", recording.serviceTime());
        assertTrue(result.flips() <= 2, result::toString);
        assertTrue(result.meanWait() < 15, result::toString);
    }

    private static LoadRecording recording() throws IOException {
        return LoadRecording.read(Path.of("src/test/resources/prometheus/recording.csv"));
    }

    private static LoadReplay.Service service(LoadRecording recording) {
        return new LoadReplay.Service(SLOTS, recording.serviceTime(), SLOW_LOADING.loadTime());
    }

    /// Than what waits against a target of 2, and than the same signal with the window that Kubernetes has where nothing is said.
    ///
    /// @param fewerFlips by how many at least, than with that window
    private static void assertBetterThanUsual(
            String load, int[] arrivals, LoadReplay.Service service, int fewerFlips) {
        LoadReplay.Result ours = byDefault(load, arrivals, service);
        LoadReplay.Result waiting =
                replay(
                        load + ", waiting (2), 300 s",
                        arrivals,
                        service,
                        LoadReplay.Signal.WAITING,
                        usual(2));
        LoadReplay.Result shortWindow =
                replay(
                        load + ", both (3.2), 300 s",
                        arrivals,
                        service,
                        LoadReplay.Signal.WAITING_AND_RUNNING,
                        usual(target));

        assertTrue(ours.flips() < waiting.flips(), waiting::toString);
        assertTrue(ours.meanWait() < waiting.meanWait(), waiting::toString);
        assertTrue(ours.flips() + fewerFlips <= shortWindow.flips(), shortWindow::toString);
    }

    private static HorizontalAutoscaler usual(double averageValue) {
        return new HorizontalAutoscaler(
                1, MAX_REPLICAS, averageValue, ScalingRules.DEFAULT_UP, ScalingRules.DEFAULT_DOWN);
    }

    private static LoadReplay.Result byDefault(
            String name, int[] arrivals, LoadReplay.Service service) {
        return replay(
                name,
                arrivals,
                service,
                LoadReplay.Signal.WAITING_AND_RUNNING,
                new HorizontalAutoscaler(1, MAX_REPLICAS, target, up, down));
    }

    private static LoadReplay.Result replay(
            String name,
            int[] arrivals,
            LoadReplay.Service service,
            LoadReplay.Signal signal,
            HorizontalAutoscaler autoscaler) {
        LoadReplay.Result result = LoadReplay.of(arrivals, service, signal, autoscaler);
        System.out.printf("%-42s %s%n", name, result);
        return result;
    }

    /// Twenty minutes at 0.3 requests a second, twenty at 1, twenty at 0.3.
    private static int[] step() {
        return arrivals(second -> second >= HOUR / 3.0 && second < 2 * HOUR / 3.0 ? 1.0 : 0.3);
    }

    /// Between 0.3 and 1 request a second and back in ten minutes, for an hour.
    private static int[] wave() {
        return arrivals(second -> 0.65 - 0.35 * Math.cos(2 * Math.PI * second / 600));
    }

    /// Callers who know nothing of each other (a Poisson process), drawn from a fixed seed.
    private static int[] arrivals(DoubleUnaryOperator requestsPerSecond) {
        Random random = new Random(1);
        int[] arrivals = new int[HOUR];
        for (int second = 0; second < HOUR; second++) {
            double limit = Math.exp(-requestsPerSecond.applyAsDouble(second));
            for (double product = random.nextDouble(); product > limit; ) {
                arrivals[second]++;
                product *= random.nextDouble();
            }
        }
        return arrivals;
    }
}
