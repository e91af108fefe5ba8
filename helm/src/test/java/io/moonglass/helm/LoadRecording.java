package io.moonglass.helm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Metrics of one server while its load went up and down; `src/test/resources/prometheus/record` made them.
///
/// @param seconds when each line was scraped
/// @param ended   requests that had ended
/// @param open    requests that were being answered
/// @param running answers that were being computed
record LoadRecording(
        List<Integer> seconds, List<Integer> ended, List<Integer> open, List<Integer> running) {

    static LoadRecording read(Path file) throws IOException {
        List<int[]> lines =
                Files.readAllLines(file).stream()
                        .skip(1)
                        .map(line ->
                                List.of(line.split(",")).stream()
                                        .mapToInt(Integer::parseInt)
                                        .toArray())
                        .toList();
        return new LoadRecording(
                lines.stream().map(line -> line[0]).toList(),
                lines.stream().map(line -> line[1]).toList(),
                lines.stream().map(line -> line[2]).toList(),
                lines.stream().map(line -> line[4]).toList());
    }

    /// What one answer took, by Little's law: answers that ran on average, over those that ended in a second.
    double serviceTime() {
        double area = 0;
        for (int i = 1; i < seconds.size(); i++) {
            area +=
                    (seconds.get(i) - seconds.get(i - 1))
                            * (running.get(i) + running.get(i - 1))
                            / 2.0;
        }
        return area / (ended.getLast() - ended.getFirst());
    }

    /// Requests that came in each second of a time, in which the recording repeats. Of those between two lines one
    /// knows only how many came: they are spread evenly.
    int[] arrivals(int duration, int times) {
        int[] arrivals = new int[duration];
        int length = seconds.getLast() - seconds.getFirst();
        for (int start = 0; start < duration; start += length) {
            for (int i = 1; i < seconds.size(); i++) {
                int came =
                        Math.max(
                                0, ended.get(i) - ended.get(i - 1) + open.get(i) - open.get(i - 1));
                int from = seconds.get(i - 1) - seconds.getFirst();
                int width = seconds.get(i) - seconds.get(i - 1);
                for (int k = 0; k < came * times; k++) {
                    int second = start + from + k * width / (came * times);
                    if (second < duration) {
                        arrivals[second]++;
                    }
                }
            }
        }
        return arrivals;
    }
}
