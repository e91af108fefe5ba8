package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The feed-forward of a sparse layer: every token goes to its chosen experts and to the shared
/// ones. Only chosen experts are computed, each once per step for all its tokens.
///
/// `out = sum over chosen of weight * expert(x) + shared(x)`; the shared experts get no weight.
public final class SparseFeedForward {

    /// Weight rows of one piece of work: enough to be worth dealing, few enough to share evenly.
    private static final int PIECE_ROWS = 256;

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
            Routing routing = router.route(x, scores);
            observer.routed(routing);
            LayerInput input = new LayerInput(x, team, frame);
            FloatMatrix expertRows = runExperts(input, routing, team, frame);
            if (shared.isPresent()) {
                shared.get().forward(input, out, team, workspace);
            } else {
                out.data().fill((byte) 0);
            }
            addWeighted(routing, expertRows, out);
        }
    }

    /// Every chosen expert's output, one row per (token, expert) pair, in routing order.
    private FloatMatrix runExperts(
            LayerInput x, Routing routing, ThreadTeam team, Workspace.Frame frame) {
        ExpertGroups groups = ExpertGroups.of(routing, experts.size());
        int numPairs = groups.pairs().length;
        int hiddenSize = x.numColumns();
        FeedForward first = experts.getFirst();
        int intermediateSize = first.intermediateSize();
        int[] tokens =
                Arrays.stream(groups.pairs()).map(pair -> pair / routing.numChosen()).toArray();
        LayerInput inputs = x.gather(tokens, first.gate(), frame);
        FloatMatrix gated = frame.matrix(numPairs, intermediateSize);
        FloatMatrix raised = frame.matrix(numPairs, intermediateSize);
        FloatMatrix grouped = frame.matrix(numPairs, hiddenSize);
        FloatMatrix outputs = frame.matrix(numPairs, hiddenSize);
        List<ExpertPiece> up = pieces(groups, intermediateSize);
        team.run(
                up.size(),
                (piece, _) -> {
                    ExpertPiece p = up.get(piece);
                    FeedForward expert = experts.get(p.expert);
                    p.linear(inputs, expert.gate(), gated);
                    p.linear(inputs, expert.up(), raised);
                    p.siluGate(gated, raised);
                });
        LayerInput raisedInputs = new LayerInput(gated, team, frame);
        raisedInputs.prepareFor(first.down());
        List<ExpertPiece> down = pieces(groups, hiddenSize);
        team.run(
                down.size(),
                (piece, _) -> {
                    ExpertPiece p = down.get(piece);
                    p.linear(raisedInputs, experts.get(p.expert).down(), grouped);
                });
        for (int i = 0; i < numPairs; i++) {
            outputs.rows(groups.pairs()[i], 1).copyFrom(grouped.rows(i, 1));
        }
        return outputs;
    }

    /// Adds in routing order, so that a token's sum does not depend on the other tokens of the step.
    private static void addWeighted(Routing routing, FloatMatrix expertRows, FloatMatrix out) {
        for (int pair = 0; pair < routing.experts().length; pair++) {
            int token = pair / routing.numChosen();
            Kernels.addScaled(expertRows, pair, routing.weights()[pair], out, token);
        }
    }

    /// The largest experts first, so that no thread starts a long piece when the others are done.
    private static List<ExpertPiece> pieces(ExpertGroups groups, int numWeightRows) {
        List<ExpertPiece> pieces = new ArrayList<>();
        for (int expert = 0; expert < groups.firstPair().length - 1; expert++) {
            int numPairs = groups.numPairs(expert);
            for (int from = 0; numPairs > 0 && from < numWeightRows; from += PIECE_ROWS) {
                pieces.add(
                        new ExpertPiece(
                                expert,
                                groups.firstPair()[expert],
                                numPairs,
                                from,
                                Math.min(from + PIECE_ROWS, numWeightRows)));
            }
        }
        pieces.sort(Comparator.comparingInt(piece -> -piece.numPairs));
        return pieces;
    }

    private record ExpertPiece(
            int expert, int firstPair, int numPairs, int fromWeightRow, int toWeightRow) {

        void linear(LayerInput x, Weight weight, FloatMatrix out) {
            Kernels.linear(x, firstPair, numPairs, weight, out, fromWeightRow, toWeightRow);
        }

        void siluGate(FloatMatrix gated, FloatMatrix raised) {
            Kernels.siluGate(gated, raised, gated, firstPair, numPairs, fromWeightRow, toWeightRow);
        }
    }
}
