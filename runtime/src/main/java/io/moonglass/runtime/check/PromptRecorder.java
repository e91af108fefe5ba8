package io.moonglass.runtime.check;

import io.moonglass.engine.DecoderObserver;
import io.moonglass.router.Routing;
import io.moonglass.tensor.FloatMatrix;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// Keeps the decoder's values of one prompt, under the names that recordings use. The prompt may come
/// in several steps; what is computed for generated tokens is left out, but for their logits. Only
/// one sequence may run.
final class PromptRecorder implements DecoderObserver {

    private final int numPromptTokens;
    private final int latentSize;
    private final Map<String, Rows> rows = new LinkedHashMap<>();
    private int numSeen;

    /// Floats of one tensor, appended step by step.
    private static final class Rows {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void append(float[] values) {
            ByteBuffer buffer =
                    ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
            buffer.asFloatBuffer().put(values);
            bytes.writeBytes(buffer.array());
        }

        float[] values() {
            FloatBuffer buffer =
                    ByteBuffer.wrap(bytes.toByteArray())
                            .order(ByteOrder.nativeOrder())
                            .asFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        }
    }

    PromptRecorder(int numPromptTokens, int latentSize) {
        this.numPromptTokens = numPromptTokens;
        this.latentSize = latentSize;
    }

    /// The tensor of this name; null if the decoder makes none.
    float[] values(String name) {
        Rows kept = rows.get(name);
        return kept == null ? null : kept.values();
    }

    @Override
    public void hidden(int index, FloatMatrix hidden) {
        keep("hidden." + index, hidden);
    }

    @Override
    public void cacheRows(int layer, FloatMatrix cacheRows) {
        if (isPrompt()) {
            for (int row = 0; row < cacheRows.numRows(); row++) {
                float[] values = cacheRows.rows(row, 1).toArray();
                append("layer." + layer + ".latent", Arrays.copyOf(values, latentSize));
                append(
                        "layer." + layer + ".k_rope",
                        Arrays.copyOfRange(values, latentSize, values.length));
            }
        }
    }

    @Override
    public void attention(int layer, FloatMatrix added) {
        keep("layer." + layer + ".attn_out", added);
    }

    @Override
    public void feedForward(int layer, FloatMatrix added) {
        keep("layer." + layer + ".mlp_out", added);
    }

    @Override
    public void routed(int layer, Routing routing) {
        if (isPrompt()) {
            String name = "layer." + layer + ".router.";
            append(name + "scores", routing.scores().toArray());
            int numChosen = routing.numChosen();
            for (int token = 0; token < routing.numTokens(); token++) {
                int first = token * numChosen;
                int[] byExpert =
                        IntStream.range(first, first + numChosen)
                                .boxed()
                                .sorted((a, b) -> routing.experts()[a] - routing.experts()[b])
                                .mapToInt(Integer::intValue)
                                .toArray();
                for (int pair : byExpert) {
                    append(name + "ids", routing.experts()[pair]);
                    append(name + "weights", routing.weights()[pair]);
                }
            }
        }
    }

    @Override
    public void finalNorm(FloatMatrix hidden) {
        keep("final_norm", hidden);
        numSeen += hidden.numRows();
    }

    @Override
    public void logits(FloatMatrix logits) {
        append("step_logits", logits.toArray());
    }

    private boolean isPrompt() {
        return numSeen < numPromptTokens;
    }

    private void keep(String name, FloatMatrix matrix) {
        if (isPrompt()) {
            append(name, matrix.toArray());
        }
    }

    private void append(String name, float... values) {
        rows.computeIfAbsent(name, _ -> new Rows()).append(values);
    }
}
