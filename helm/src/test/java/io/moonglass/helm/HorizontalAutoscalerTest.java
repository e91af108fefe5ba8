package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The autoscaler's arithmetic, by cases whose results are known: they follow from Kubernetes' documentation of the algorithm and of `behavior`.
class HorizontalAutoscalerTest {

    @ParameterizedTest
    @CsvSource({
        // current, samples, missing, target, desired
        "3, 20 20 20, 0, 10, 6",
        "2, 25 26, 0, 10, 6",
        "3, 3 3 3, 0, 10, 1",
        // within a tenth of the target
        "3, 10.9 11 11, 0, 10, 3",
        "3, 9 9.1 9, 0, 10, 3",
        "3, 11.1 11.1 11.1, 0, 10, 4",
        // a pod without a sample is idle on the way up
        "3, 30 30, 1, 10, 6",
        "3, 14 14, 1, 10, 3",
        // and on target on the way down
        "3, 1 1, 1, 10, 2",
        "3, 9 9, 1, 10, 3",
        // two on target beside a busy one: the new ratio points the other way
        "3, 12 12, 2, 10, 3"
    })
    void pods_follow_the_mean_of_their_metric(
            int current, String samples, int missing, double target, int desired) {
        List<Double> values = new ArrayList<>();
        for (String sample : samples.split(" ")) {
            values.add(Double.parseDouble(sample));
        }

        assertEquals(desired, HorizontalAutoscaler.desired(current, values, missing, target));
    }

    @ParameterizedTest
    @CsvSource({"1, 18, 4, 5", "5, 2, 4, 1", "4, 17, 4, 4", "4, 18, 4, 5", "3, 0, 4, 0"})
    void a_sum_is_dealt_out(int current, double sum, double target, int desired) {
        assertEquals(desired, HorizontalAutoscaler.desiredOfSum(current, sum, target));
    }

    @Test
    void without_rules_it_doubles_or_adds_four_every_fifteen_seconds() {
        HorizontalAutoscaler autoscaler =
                new HorizontalAutoscaler(
                        1, 100, 1, ScalingRules.DEFAULT_UP, ScalingRules.DEFAULT_DOWN);

        assertEquals(List.of(1, 5, 10, 20, 40, 80, 100), climb(autoscaler, 15, 6));
    }

    @Test
    void two_pods_a_minute_are_two_pods_a_minute() {
        HorizontalAutoscaler autoscaler =
                new HorizontalAutoscaler(1, 100, 1, pods(2, 60, 0), ScalingRules.DEFAULT_DOWN);

        // a round every 30 s; a minute after two were added, two more are
        assertEquals(List.of(1, 3, 3, 5, 5, 7, 7), climb(autoscaler, 30, 6));
    }

    @Test
    void it_goes_down_only_as_far_as_the_highest_wish_of_the_window() {
        HorizontalAutoscaler autoscaler =
                new HorizontalAutoscaler(1, 10, 1, ScalingRules.DEFAULT_UP, pods(10, 15, 60));
        List<Integer> replicas = new ArrayList<>();
        int current = 5;

        for (int round = 0; round < 8; round++) {
            // one round of five, then of one
            double load = round == 0 ? 5 : 1;
            current =
                    autoscaler.reconcile(
                            Duration.ofSeconds(15L * round),
                            current,
                            Collections.nCopies(current, load / current),
                            0);
            replicas.add(current);
        }

        assertEquals(List.of(5, 5, 5, 5, 1, 1, 1, 1), replicas);
    }

    @Test
    void one_pod_in_two_minutes_is_one_pod_in_two_minutes() {
        HorizontalAutoscaler autoscaler =
                new HorizontalAutoscaler(1, 10, 1, ScalingRules.DEFAULT_UP, pods(1, 120, 0));
        List<Integer> replicas = new ArrayList<>();
        int current = 4;

        for (int round = 0; round < 7; round++) {
            current =
                    autoscaler.reconcile(
                            Duration.ofSeconds(60L * round),
                            current,
                            Collections.nCopies(current, 0.0),
                            0);
            replicas.add(current);
        }

        assertEquals(List.of(3, 3, 2, 2, 1, 1, 1), replicas);
    }

    @Test
    void without_a_sample_nothing_changes() {
        HorizontalAutoscaler autoscaler =
                new HorizontalAutoscaler(
                        1, 10, 1, ScalingRules.DEFAULT_UP, ScalingRules.DEFAULT_DOWN);

        assertEquals(4, autoscaler.reconcile(Duration.ZERO, 4, List.of(), 4));
    }

    private static ScalingRules pods(int value, int period, int window) {
        return new ScalingRules(
                Duration.ofSeconds(window),
                List.of(
                        new ScalingRules.Policy(
                                ScalingRules.Unit.PODS, value, Duration.ofSeconds(period))));
    }

    /// Pods over rounds in which there is more to do than any number could.
    private static List<Integer> climb(HorizontalAutoscaler autoscaler, int seconds, int rounds) {
        List<Integer> replicas = new ArrayList<>(List.of(1));
        for (int round = 0; round < rounds; round++) {
            int current = replicas.getLast();
            replicas.add(
                    autoscaler.reconcile(
                            Duration.ofSeconds((long) seconds * round),
                            current,
                            Collections.nCopies(current, 1000.0),
                            0));
        }
        return replicas;
    }
}
