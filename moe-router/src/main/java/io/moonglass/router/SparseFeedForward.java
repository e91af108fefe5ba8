package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The feed-forward of a sparse layer: every token goes to its chosen experts and to the shared
/// ones. Only chosen experts are computed, each once per step for all its tokens.
///
/// `out = sum over chosen of weight * expert(x) + shared(x)`; the shared experts get no weight.
public final class SparseFeedForward {

    /// Tokens whose experts' outputs are added up at once.
    private static final int PIECE_TOKENS = 16;

    private final Router router;
    private final List<FeedForward> experts;
    private final Optional<FeedForward> shared;

    public SparseFeedForward(
            Router router, List<FeedForward> experts, Optional<FeedForward> shared) {
        if (experts.size() != router.numExperts()) {
            throw new IllegalArgumentException(
                    "%d experts for a router of %d".formatted(experts.size(), router.numExperts()));
        }
        this.router = router;
        this.experts = List.copyOf(experts);
        this.shared = shared;
    }

    /// The routed experts, by number.
    public List<FeedForward> experts() {
        return experts;
    }

    /// The experts that every token goes to, as one.
    public Optional<FeedForward> shared() {
        return shared;
    }

    /// @param x        `[numTokens, hiddenSize]`
    /// @param out      `[numTokens, hiddenSize]`; not `x`
    /// @param observer told the routing before experts run
    public void forward(
            FloatMatrix x,
            FloatMatrix out,
            ThreadTeam team,
            Workspace workspace,
            RoutingObserver observer) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix scores = frame.matrix(x.numRows(), router.numExperts());
            LayerInput input = new LayerInput(x, team, frame);
            Routing routing = router.route(input, scores, team);
            observer.routed(routing);
            ExpertGroups groups = ExpertGroups.of(routing, experts.size());
            FloatMatrix expertRows = frame.matrix(groups.pairs().length, x.numColumns());
            FeedForwardBatch batch = new FeedForwardBatch(team);
            addExperts(input, routing, groups, expertRows, batch, frame);
            if (shared.isPresent()) {
                FeedForward all = shared.get();
                batch.new Rows(input, all.intermediateSize(), out, frame).add(all, 0, x.numRows());
            } else {
                out.data().fill((byte) 0);
            }
            batch.run();
            addWeighted(routing, groups, expertRows, out, team);
        }
    }

    /// @param expertRows gets every chosen expert's output, one row per (token, expert) pair, in the
    ///                   groups' order
    private void addExperts(
            LayerInput x,
            Routing routing,
            ExpertGroups groups,
            FloatMatrix expertRows,
            FeedForwardBatch batch,
            Workspace.Frame frame) {
        FeedForward first = experts.getFirst();
        int[] tokens =
                Arrays.stream(groups.pairs()).map(pair -> pair / routing.numChosen()).toArray();
        LayerInput inputs = x.gather(tokens, first.gate(), frame);
        var rows = batch.new Rows(inputs, first.intermediateSize(), expertRows, frame);
        for (int expert = 0; expert < experts.size(); expert++) {
            rows.add(experts.get(expert), groups.firstPair()[expert], groups.numPairs(expert));
        }
    }

    /// Adds in routing order, so that a token's sum does not depend on the other tokens of the step.
    private static void addWeighted(
            Routing routing,
            ExpertGroups groups,
            FloatMatrix expertRows,
            FloatMatrix out,
            ThreadTeam team) {
        int[] rowOfPair = new int[groups.pairs().length];
        for (int row = 0; row < rowOfPair.length; row++) {
            rowOfPair[groups.pairs()[row]] = row;
        }
        int numChosen = routing.numChosen();
        int numPieces = (routing.numTokens() + PIECE_TOKENS - 1) / PIECE_TOKENS;
        team.run(
                numPieces,
                (piece, _) -> {
                    int first = piece * PIECE_TOKENS * numChosen;
                    int last = Math.min(first + PIECE_TOKENS * numChosen, rowOfPair.length);
                    for (int pair = first; pair < last; pair++) {
                        float weight = routing.weights()[pair];
                        Kernels.addScaled(
                                expertRows, rowOfPair[pair], weight, out, pair / numChosen);
                    }
                });
    }
}
