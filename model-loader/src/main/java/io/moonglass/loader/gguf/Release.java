package io.moonglass.loader.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// The released models, of which a GGUF file says no more than a name.
///
/// Source: the model cards of moonshotai/Kimi-VL-A3B-Instruct, -Thinking and -Thinking-2506.
enum Release {
    INSTRUCT(4096, OptionalDouble.of(0.2), "kimi", "vl", "instruct"),
    THINKING_2506(16384, OptionalDouble.of(0.8), "kimi", "vl", "thinking", "2506"),
    THINKING(4096, OptionalDouble.of(0.6), "kimi", "vl", "thinking"),
    /// Any other of the family's architecture.
    OTHER(4096, OptionalDouble.empty());

    /// Mean and standard deviation of each colour.
    static final List<Double> CHANNELS = List.of(0.5, 0.5, 0.5);

    private final int tokenLimit;
    private final OptionalDouble temperature;
    private final String[] words;

    Release(int tokenLimit, OptionalDouble temperature, String... words) {
        this.tokenLimit = tokenLimit;
        this.temperature = temperature;
        this.words = words;
    }

    /// @param names what the model and its file are called
    static Release of(String names) {
        String lower = names.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(release -> Arrays.stream(release.words).allMatch(lower::contains))
                .findFirst()
                .orElse(OTHER);
    }

    /// Patches that a picture may have before it is shrunk.
    int tokenLimit() {
        return tokenLimit;
    }

    /// To sample with; empty where the most likely token is taken.
    OptionalDouble temperature() {
        return temperature;
    }
}
