package io.moonglass.loader.pack;

import io.moonglass.loader.gguf.GgufTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.DoubleAdder;

/// Adds up what packing changes. Several threads.
final class PackErrors {

    private static final class Sums {
        private final Set<String> forms = new ConcurrentSkipListSet<>();
        private final DoubleAdder squares = new DoubleAdder();
        private final DoubleAdder squaredErrors = new DoubleAdder();
    }

    private final Map<String, Sums> tensors = new ConcurrentHashMap<>();

    /// A tensor, or a part of it, is stored so.
    void storedAs(GgufTensor tensor, String form) {
        sums(tensor).forms.add(form);
    }

    /// Some of its numbers, and what they are now.
    void compare(GgufTensor tensor, float[] before, float[] after, int count) {
        double squares = 0;
        double squaredErrors = 0;
        for (int i = 0; i < count; i++) {
            double error = (double) after[i] - before[i];
            squares += (double) before[i] * before[i];
            squaredErrors += error * error;
        }
        sums(tensor).squares.add(squares);
        sums(tensor).squaredErrors.add(squaredErrors);
    }

    /// @param stored all tensors, in order
    PackReport report(List<GgufTensor> stored) {
        List<PackReport.Tensor> report = new ArrayList<>();
        for (GgufTensor tensor : stored) {
            Sums sums = tensors.get(tensor.name());
            if (sums != null) {
                double squares = sums.squares.sum();
                report.add(
                        new PackReport.Tensor(
                                tensor.name(),
                                tensor.type().name(),
                                String.join("+", sums.forms),
                                squares == 0 ? 0 : Math.sqrt(sums.squaredErrors.sum() / squares)));
            }
        }
        return new PackReport(report);
    }

    private Sums sums(GgufTensor tensor) {
        return tensors.computeIfAbsent(tensor.name(), _ -> new Sums());
    }
}
