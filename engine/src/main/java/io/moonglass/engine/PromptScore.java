package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import java.util.OptionalInt;

/// What is told of a prompt itself, as far as its rows were computed. A prompt that starts over goes on here
/// where it was, so that nothing is told twice. Engine thread only.
final class PromptScore {

    private static final TokenLogprobs[] NOTHING = {};

    private final GenerationRequest request;
    private final OptionalInt numTop;
    private double[] sums = {};
    private int numRead;
    private int firstUntold = 1;
    private TokenLogprobs[] untold = NOTHING;
    private RuntimeException fault;

    PromptScore(GenerationRequest request) {
        this.request = request;
        this.numTop = request.scoring().prompt();
    }

    /// Rows of the prompt that were read; the next ones begin here.
    int numRead() {
        return numRead;
    }

    boolean isComplete() {
        return numRead == request.numPromptTokens();
    }

    /// Whether the logits of the prompt's rows are needed.
    boolean needsLogits() {
        return numTop.isPresent();
    }

    /// Likeliest tokens that are told beside each of the prompt's.
    int numTop() {
        return numTop.orElse(0);
    }

    /// Whether the logits of the row before a position are wanted: a picture's row is no token that could
    /// have been likely.
    boolean scores(int position) {
        return numTop.isPresent()
                && position < request.numPromptTokens()
                && !request.isImage(position);
    }

    /// Takes the prompt's next normalised outputs, and makes room for what will be found of the tokens after
    /// them.
    ///
    /// @param rows `[numRows, hiddenSize]`
    void read(FloatMatrix rows) {
        if (request.scoring().features()) {
            addFeatures(rows);
        }
        if (numTop.isPresent()) {
            firstUntold = numRead + 1;
            int end = Math.min(numRead + rows.numRows() + 1, request.numPromptTokens());
            untold = new TokenLogprobs[end - firstUntold];
        }
        numRead += rows.numRows();
    }

    /// What was found of a token whose row was just read.
    void found(int position, TokenLogprobs logprobs) {
        untold[position - firstUntold] = logprobs;
    }

    /// Why something was not found; told instead.
    void failed(RuntimeException e) {
        fault = e;
    }

    /// Tells what was not told before.
    void tell(TokenSink sink) {
        if (fault != null) {
            throw fault;
        }
        for (int i = 0; i < untold.length; i++) {
            sink.promptScored(firstUntold + i, untold[i]);
        }
        untold = NOTHING;
        if (isComplete() && sums.length > 0) {
            sink.features(mean());
            sums = new double[0];
        }
    }

    /// Row after row, so that the sums have the same bits however the prompt is cut.
    private void addFeatures(FloatMatrix rows) {
        if (numRead == 0) {
            sums = new double[rows.numColumns()];
        }
        for (int row = 0; row < rows.numRows(); row++) {
            float[] values = rows.rows(row, 1).toArray();
            for (int i = 0; i < sums.length; i++) {
                sums[i] += values[i];
            }
        }
    }

    private float[] mean() {
        float[] mean = new float[sums.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sums[i] / numRead);
        }
        return mean;
    }
}
