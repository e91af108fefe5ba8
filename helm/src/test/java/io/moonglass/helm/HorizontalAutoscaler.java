package io.moonglass.helm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// What Kubernetes' Horizontal Pod Autoscaler makes of a metric of pods: the arithmetic of its controller with `behavior`,
/// and nothing else of it.
///
/// Source: Kubernetes, `pkg/controller/podautoscaler`, `replica_calculator.go` and `horizontal.go`.
final class HorizontalAutoscaler {

    /// A ratio this near to 1 changes nothing; `--horizontal-pod-autoscaler-tolerance`.
    private static final double TOLERANCE = 0.1;

    private record Recommendation(Duration time, int replicas) {}

    private record Change(Duration time, int replicas) {}

    private final int minReplicas;
    private final int maxReplicas;
    private final double target;
    private final ScalingRules up;
    private final ScalingRules down;
    private final Deque<Recommendation> recommendations = new ArrayDeque<>();
    private final Deque<Change> added = new ArrayDeque<>();
    private final Deque<Change> removed = new ArrayDeque<>();

    /// @param target what a pod should have of the metric (`averageValue`)
    HorizontalAutoscaler(
            int minReplicas, int maxReplicas, double target, ScalingRules up, ScalingRules down) {
        this.minReplicas = minReplicas;
        this.maxReplicas = maxReplicas;
        this.target = target;
        this.up = up;
        this.down = down;
    }

    /// One round of the controller.
    ///
    /// @param now     since the beginning
    /// @param current pods that the Deployment wants now
    /// @param samples the metric of each pod that has one
    /// @param missing pods that have none, as they are not scraped yet
    /// @return pods that it shall want
    int reconcile(Duration now, int current, List<Double> samples, int missing) {
        if (samples.isEmpty()) {
            return current;
        }
        int desired = desired(current, samples, missing, target);
        int stabilized = stabilized(now, current, desired);
        int limited = limited(now, current, stabilized);
        if (limited > current) {
            added.addLast(new Change(now, limited - current));
        } else if (limited < current) {
            removed.addLast(new Change(now, current - limited));
        }
        return limited;
    }

    /// For a metric of the type Pods: the mean against the target. Pods without the metric count as idle when there are
    /// to be more pods, and as on target when there are to be fewer.
    static int desired(int current, List<Double> samples, int missing, double target) {
        double sum = samples.stream().mapToDouble(Double::doubleValue).sum();
        double ratio = sum / samples.size() / target;
        if (missing == 0) {
            return Math.abs(1 - ratio) <= TOLERANCE
                    ? current
                    : (int) Math.ceil(ratio * samples.size());
        }
        double assumed = ratio < 1 ? missing * target : 0;
        int counted = samples.size() + missing;
        double newRatio = (sum + assumed) / counted / target;
        boolean turned = ratio < 1 && newRatio > 1 || ratio > 1 && newRatio < 1;
        if (Math.abs(1 - newRatio) <= TOLERANCE || turned) {
            return current;
        }
        int replicas = (int) Math.ceil(newRatio * counted);
        boolean against = newRatio < 1 && replicas > current || newRatio > 1 && replicas < current;
        return against ? current : replicas;
    }

    /// For a metric of the type External with an AverageValue: the sum against the target of each pod.
    static int desiredOfSum(int current, double sum, double target) {
        double ratio = sum / (target * current);
        return Math.abs(1 - ratio) <= TOLERANCE ? current : (int) Math.ceil(sum / target);
    }

    /// Upwards the least, downwards the most of what was recommended in the window.
    private int stabilized(Duration now, int current, int desired) {
        recommendations.addLast(new Recommendation(now, desired));
        int upwards = desired;
        int downwards = desired;
        Duration longest = up.window().compareTo(down.window()) > 0 ? up.window() : down.window();
        recommendations.removeIf(old -> old.time().compareTo(now.minus(longest)) < 0);
        for (Recommendation old : recommendations) {
            if (old.time().compareTo(now.minus(up.window())) > 0) {
                upwards = Math.min(upwards, old.replicas());
            }
            if (old.time().compareTo(now.minus(down.window())) > 0) {
                downwards = Math.max(downwards, old.replicas());
            }
        }
        return Math.max(Math.min(current, downwards), upwards);
    }

    private int limited(Duration now, int current, int desired) {
        if (desired > current) {
            int limit = Math.max(current, upLimit(now, current));
            return Math.min(desired, Math.min(limit, maxReplicas));
        }
        if (desired < current) {
            int limit = Math.min(current, downLimit(now, current));
            return Math.max(desired, Math.max(limit, minReplicas));
        }
        return Math.clamp(desired, minReplicas, maxReplicas);
    }

    private int upLimit(Duration now, int current) {
        int most = 0;
        for (ScalingRules.Policy policy : up.policies()) {
            int atStart =
                    current
                            - changed(added, now, policy.period())
                            + changed(removed, now, policy.period());
            most =
                    Math.max(
                            most,
                            switch (policy.unit()) {
                                case PODS -> atStart + policy.value();
                                case PERCENT ->
                                        (int) Math.ceil(atStart * (1 + policy.value() / 100.0));
                            });
        }
        return most;
    }

    private int downLimit(Duration now, int current) {
        int least = Integer.MAX_VALUE;
        for (ScalingRules.Policy policy : down.policies()) {
            int atStart =
                    current
                            + changed(removed, now, policy.period())
                            - changed(added, now, policy.period());
            least =
                    Math.min(
                            least,
                            switch (policy.unit()) {
                                case PODS -> atStart - policy.value();
                                case PERCENT -> (int) (atStart * (1 - policy.value() / 100.0));
                            });
        }
        return least;
    }

    private static int changed(Deque<Change> changes, Duration now, Duration period) {
        return changes.stream()
                .filter(change -> change.time().compareTo(now.minus(period)) > 0)
                .mapToInt(Change::replicas)
                .sum();
    }
}
