package io.moonglass.runtime.bench;

import io.moonglass.tensor.MachineRates;
import java.util.SortedMap;
import java.util.TreeMap;

/// Medians of what was measured, and the floors beside them: the time that the same bytes or operations
/// take at this machine's rates.
public final class BenchReport {

    /// A time, and the least that it could be; 0 where that is not known.
    public record Figure(double seconds, double floorSeconds) {}

    private final String kernels;
    private final MachineRates rates;
    private final SortedMap<Integer, Figure> prompts = new TreeMap<>();
    private final SortedMap<Integer, Figure> decodes = new TreeMap<>();
    private final SortedMap<Integer, Figure> batches = new TreeMap<>();
    private final SortedMap<Integer, Figure> pictures = new TreeMap<>();
    private final SortedMap<Integer, Integer> patches = new TreeMap<>();
    private double loadSeconds;
    private double readySeconds;
    private long residentBytes;

    BenchReport(String kernels, MachineRates rates) {
        this.kernels = kernels;
        this.rates = rates;
    }

    public String kernels() {
        return kernels;
    }

    public MachineRates rates() {
        return rates;
    }

    /// Seconds of a whole prompt, by its length in tokens.
    public SortedMap<Integer, Figure> prompts() {
        return prompts;
    }

    /// Seconds of a token, by depth.
    public SortedMap<Integer, Figure> decodes() {
        return decodes;
    }

    /// Seconds of a step in which every sequence gets a token, by the number of sequences.
    public SortedMap<Integer, Figure> batches() {
        return batches;
    }

    /// Seconds of a picture, by its side in pixels.
    public SortedMap<Integer, Figure> pictures() {
        return pictures;
    }

    /// Patches of a picture, by its side in pixels.
    public SortedMap<Integer, Integer> patches() {
        return patches;
    }

    /// Seconds until a first token could be computed; 0 if not measured.
    public double loadSeconds() {
        return loadSeconds;
    }

    /// The same and the warm-up.
    public double readySeconds() {
        return readySeconds;
    }

    /// The most memory that this process held, mapped weights included; 0 where the system does not say.
    public long residentBytes() {
        return residentBytes;
    }

    void loaded(double seconds, double ready) {
        loadSeconds = seconds;
        readySeconds = ready;
    }

    void resident(long bytes) {
        residentBytes = bytes;
    }
}
