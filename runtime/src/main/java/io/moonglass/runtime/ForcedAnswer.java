package io.moonglass.runtime;

import io.moonglass.engine.DecoderObserver;
import io.moonglass.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.List;

/// Keeps the logits of one generation, and may say which tokens are chosen from them. One generation
/// at a time may run.
final class ForcedAnswer implements DecoderObserver {

    private final List<float[]> logits = new ArrayList<>();
    private List<Integer> forced = List.of();

    /// Forgets the last generation.
    ///
    /// @param tokenIds of the next one; beyond them its own largest logits decide
    void begin(List<Integer> tokenIds) {
        logits.clear();
        forced = tokenIds;
    }

    /// `[vocabSize]` for every token that was chosen, as the model made them.
    List<float[]> logits() {
        return List.copyOf(logits);
    }

    @Override
    public void logits(FloatMatrix logits) {
        int position = this.logits.size();
        this.logits.add(logits.toArray());
        if (position < forced.size()) {
            logits.set(0, forced.get(position), Float.MAX_VALUE);
        }
    }
}
