package io.moonglass.helm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/// Requests that come to pods which an autoscaler adds and removes, second by second.
///
/// A pod computes `slots` requests at once, each for the same time, and others wait in it. A request goes to the ready pod that
/// has the least to do, and stays there. A new pod is ready when its model is loaded and has no metrics before; one that is to
/// go finishes what it has. Metrics are those of the last scrape.
final class LoadReplay {

    /// What an autoscaler is told of a pod.
    enum Signal {
        WAITING,
        WAITING_AND_RUNNING
    }

    /// @param slots       requests that a pod computes at once
    /// @param serviceTime what one takes
    /// @param loadTime    from a pod's start to its first request
    record Service(int slots, double serviceTime, Duration loadTime) {}

    /// @param changes        how often the number of pods changed
    /// @param flips          how often it went the other way than the time before
    /// @param meanWait       of all requests, in seconds until they are computed
    /// @param worstWait      of the one that waited longest
    /// @param replicaMinutes pods, ready or loading, over time
    record Result(
            int changes, int flips, double meanWait, double worstWait, double replicaMinutes) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%3d changes, %2d flips, mean wait %6.1f s, longest %6.1f s, %4.0f replica-min",
                    changes,
                    flips,
                    meanWait,
                    worstWait,
                    replicaMinutes);
        }
    }

    private static final int SCRAPE_SECONDS = 15;
    private static final int SYNC_SECONDS = 15;

    private static final class Pod {
        private final int readyAt;
        private final Deque<Integer> waiting = new ArrayDeque<>();
        private final List<Double> ends = new ArrayList<>();
        private double sample = Double.NaN;

        private Pod(int readyAt) {
            this.readyAt = readyAt;
        }

        private int active() {
            return waiting.size() + ends.size();
        }
    }

    private final Service service;
    private final Signal signal;
    private final HorizontalAutoscaler autoscaler;
    private final List<Pod> pods = new ArrayList<>();
    private final List<Pod> leaving = new ArrayList<>();
    private int requests;
    private double totalWait;
    private double worstWait;
    private double replicaSeconds;

    private LoadReplay(Service service, Signal signal, HorizontalAutoscaler autoscaler) {
        this.service = service;
        this.signal = signal;
        this.autoscaler = autoscaler;
    }

    /// @param arrivals requests that come in each second; what has come is finished after the last
    static Result of(
            int[] arrivals, Service service, Signal signal, HorizontalAutoscaler autoscaler) {
        return new LoadReplay(service, signal, autoscaler).run(arrivals);
    }

    private Result run(int[] arrivals) {
        int changes = 0;
        int flips = 0;
        int direction = 0;
        pods.add(new Pod(0));
        for (int second = 0; second < arrivals.length; second++) {
            for (int i = 0; i < arrivals[second]; i++) {
                leastBusy(second).waiting.addLast(second);
            }
            compute(second);
            replicaSeconds += pods.size();
            if (second % SCRAPE_SECONDS == 0) {
                scrape(second);
            }
            if (second % SYNC_SECONDS == SYNC_SECONDS / 2) {
                int change = scale(second);
                if (change != 0) {
                    changes++;
                    flips += direction != 0 && Integer.signum(change) != direction ? 1 : 0;
                    direction = Integer.signum(change);
                }
            }
        }
        for (int second = arrivals.length; !isIdle(); second++) {
            compute(second);
        }
        return new Result(changes, flips, totalWait / requests, worstWait, replicaSeconds / 60);
    }

    private Pod leastBusy(int second) {
        return pods.stream()
                .filter(pod -> pod.readyAt <= second)
                .min(Comparator.comparingInt(Pod::active))
                .orElseThrow(() -> new IllegalStateException("the first pod is always there"));
    }

    private void compute(int second) {
        List<Pod> all = new ArrayList<>(pods);
        all.addAll(leaving);
        for (Pod pod : all) {
            // a place that came free within the second is taken when it did
            while (!pod.ends.isEmpty() && earliest(pod) <= second) {
                double free = earliest(pod);
                pod.ends.remove(free);
                if (!pod.waiting.isEmpty()) {
                    begin(pod, Math.max(free, pod.waiting.peekFirst()));
                }
            }
            while (pod.ends.size() < service.slots() && !pod.waiting.isEmpty()) {
                begin(pod, second);
            }
        }
        leaving.removeIf(pod -> pod.active() == 0);
    }

    private static double earliest(Pod pod) {
        return pod.ends.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    private void begin(Pod pod, double time) {
        double wait = time - pod.waiting.removeFirst();
        pod.ends.add(time + service.serviceTime());
        requests++;
        totalWait += wait;
        worstWait = Math.max(worstWait, wait);
    }

    private void scrape(int second) {
        for (Pod pod : pods) {
            if (pod.readyAt <= second) {
                pod.sample =
                        switch (signal) {
                            case WAITING -> pod.waiting.size();
                            case WAITING_AND_RUNNING -> pod.active();
                        };
            }
        }
    }

    /// The pods that are more or, below 0, less.
    private int scale(int second) {
        List<Double> samples =
                pods.stream().map(pod -> pod.sample).filter(value -> !value.isNaN()).toList();
        int wanted =
                autoscaler.reconcile(
                        Duration.ofSeconds(second),
                        pods.size(),
                        samples,
                        pods.size() - samples.size());
        int change = wanted - pods.size();
        while (pods.size() < wanted) {
            pods.add(new Pod(second + (int) service.loadTime().toSeconds()));
        }
        while (pods.size() > wanted) {
            // the youngest goes first, which is one that still loads where there is any
            leaving.add(pods.removeLast());
        }
        return change;
    }

    private boolean isIdle() {
        return pods.stream().allMatch(pod -> pod.active() == 0) && leaving.isEmpty();
    }
}
