package io.moonglass.engine;

import io.moonglass.engine.LayerWeights.LayerFeedForward;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.router.ExpertCounts;
import io.moonglass.router.ExpertLoad;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.RotaryAngles;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The decoder: embeddings in, logits out. Holds no state of its own between steps but the cache.
/// Engine thread only.
///
/// Source: DeepSeek-V3 report (arXiv 2412.19437), section 2.1; Kimi-VL report (arXiv 2504.07491).
final class Decoder {

    /// Rows that are worth a thread's attention where little is done with each.
    private static final int PIECE_ROWS = 8;

    private final DecoderWeights weights;
    private final TextConfig config;
    private final ThreadTeam team;
    private final LatentAttention attention;

    /// For every sparse layer, by its number.
    private final Map<Integer, ExpertCounts> experts = new TreeMap<>();

    Decoder(DecoderWeights weights, KvCache cache, ThreadTeam team) {
        this.weights = weights;
        this.config = weights.config();
        this.team = team;
        this.attention = new LatentAttention(config, cache, team);
        for (int layer = 0; layer < weights.layers().size(); layer++) {
            switch (weights.layers().get(layer).feedForward()) {
                case LayerFeedForward.Dense _ -> {}
                case LayerFeedForward.Sparse(var sparse) ->
                        experts.put(layer, new ExpertCounts(layer, sparse.experts().size()));
            }
        }
    }

    /// What the experts of the sparse layers were given until now, in order of layers. Any thread.
    List<ExpertLoad> expertLoads() {
        return experts.values().stream().map(ExpertCounts::load).toList();
    }

    /// Reads the embedding of a token into a row of `[numTokens, hiddenSize]`.
    void embed(int tokenId, FloatMatrix hidden, int row) {
        weights.embedding().read(tokenId, hidden, row);
    }

    /// Runs all layers over the rows of a step and puts the keys of its tokens into the cache.
    ///
    /// @param hidden `[numTokens, hiddenSize]`: embeddings on entry, normalised output on return
    /// @param chunks        cover all rows, without gaps
    /// @param betweenLayers called after each layer; may run this method for other sequences
    void forward(
            FloatMatrix hidden,
            List<Chunk> chunks,
            Workspace workspace,
            DecoderObserver observer,
            Runnable betweenLayers) {
        try (Workspace.Frame frame = workspace.frame()) {
            RotaryAngles angles = angles(hidden.numRows(), chunks, frame);
            FloatMatrix normed = frame.matrix(hidden.numRows(), config.hiddenSize());
            FloatMatrix added = frame.matrix(hidden.numRows(), config.hiddenSize());
            observer.hidden(0, hidden);
            norm(hidden, weights.layers().getFirst().inputNorm(), normed);
            for (int layer = 0; layer < weights.layers().size(); layer++) {
                LayerWeights layerWeights = weights.layers().get(layer);
                attention.forward(
                        layer,
                        layerWeights.attention(),
                        normed,
                        chunks,
                        angles,
                        added,
                        workspace,
                        observer);
                observer.attention(layer, added);
                addAndNorm(added, hidden, layerWeights.postAttentionNorm(), normed);

                feedForward(layer, layerWeights.feedForward(), normed, added, workspace, observer);
                observer.feedForward(layer, added);
                addAndNorm(added, hidden, normAfter(layer), normed);
                observer.hidden(layer + 1, hidden);
                betweenLayers.run();
            }
            hidden.copyFrom(normed);
            observer.finalNorm(hidden);
        }
    }

    /// @param normed `[numRows, hiddenSize]`, as [#forward] leaves them
    /// @param logits `[numRows, vocabSize]`
    void logits(FloatMatrix normed, FloatMatrix logits, Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            Kernels.linear(new LayerInput(normed, team, frame), weights.head(), logits, team);
        }
    }

    private float[] normAfter(int layer) {
        boolean isLast = layer + 1 == weights.layers().size();
        return isLast ? weights.finalNorm() : weights.layers().get(layer + 1).inputNorm();
    }

    private void norm(FloatMatrix x, float[] weight, FloatMatrix out) {
        team.runRows(
                x.numRows(),
                PIECE_ROWS,
                (first, count) ->
                        Kernels.rmsNorm(
                                x.rows(first, count),
                                weight,
                                config.rmsNormEps(),
                                out.rows(first, count)));
    }

    private void addAndNorm(
            FloatMatrix added, FloatMatrix hidden, float[] weight, FloatMatrix out) {
        team.runRows(
                hidden.numRows(),
                PIECE_ROWS,
                (first, count) -> {
                    FloatMatrix sums = hidden.rows(first, count);
                    Kernels.add(added.rows(first, count), sums);
                    Kernels.rmsNorm(sums, weight, config.rmsNormEps(), out.rows(first, count));
                });
    }

    private void feedForward(
            int layer,
            LayerFeedForward feedForward,
            FloatMatrix x,
            FloatMatrix out,
            Workspace workspace,
            DecoderObserver observer) {
        switch (feedForward) {
            case LayerFeedForward.Dense(var dense) -> dense.forward(x, out, team, workspace);
            case LayerFeedForward.Sparse(var sparse) ->
                    sparse.forward(
                            x,
                            out,
                            team,
                            workspace,
                            routing -> {
                                experts.get(layer).add(routing);
                                observer.routed(layer, routing);
                            });
        }
    }

    private RotaryAngles angles(int numTokens, List<Chunk> chunks, Workspace.Frame frame) {
        int dim = config.qkRopeHeadDim();
        RotaryAngles angles =
                new RotaryAngles(frame.matrix(numTokens, dim), frame.matrix(numTokens, dim));
        for (Chunk chunk : chunks) {
            for (int i = 0; i < chunk.numTokens(); i++) {
                angles.set(chunk.firstRow() + i, chunk.firstPosition() + i, config.ropeTheta());
            }
        }
        return angles;
    }
}
