package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.Workspace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;

/// Feed-forwards that a team computes together, each for its rows: all of a layer meet twice, between
/// their halves and at the end, and not once for each of them.
final class FeedForwardBatch {

    /// Weight rows of one piece of work: enough to be worth dealing, few enough to share evenly.
    private static final int PIECE_ROWS = 256;

    /// The same of feed-forwards of few rows, where there are so many that pieces this large are shared evenly, too.
    private static final int LARGE_PIECE_ROWS = 1536;

    /// Rows up to which a feed-forward takes memory rather than arithmetic.
    private static final int FEW_ROWS = 12;

    private static final int MANY_PARTS = 32;

    private final ThreadTeam team;
    private final List<Part> parts = new ArrayList<>();

    FeedForwardBatch(ThreadTeam team) {
        this.team = team;
    }

    /// Rows that lie in one matrix, for feed-forwards of one size.
    final class Rows {
        private final LayerInput x;
        private final FloatMatrix out;
        private final FloatMatrix gated;
        private final FloatMatrix raised;
        private final LayerInput middle;

        /// @param out `[x.numRows(), hiddenSize]`
        Rows(LayerInput x, int intermediateSize, FloatMatrix out, Workspace.Frame frame) {
            this.x = x;
            this.out = out;
            this.gated = frame.matrix(x.numRows(), intermediateSize);
            this.raised = frame.matrix(x.numRows(), intermediateSize);
            this.middle = new LayerInput(gated, team, frame);
        }

        /// Rows `[first, first + count)` go through this feed-forward.
        void add(FeedForward feedForward, int first, int count) {
            if (count > 0) {
                parts.add(new Part(this, feedForward, first, count));
            }
        }
    }

    private record Part(Rows rows, FeedForward feedForward, int first, int count) {

        void raise(int from, int to) {
            multiply(rows.x, feedForward.gate(), rows.gated, from, to);
            multiply(rows.x, feedForward.up(), rows.raised, from, to);
            Kernels.siluGate(rows.gated, rows.raised, rows.gated, first, count, from, to);
            rows.middle.preparePart(first, count, from, to);
        }

        void lower(int from, int to) {
            multiply(rows.middle, feedForward.down(), rows.out, from, to);
        }

        private void multiply(LayerInput x, Weight weight, FloatMatrix out, int from, int to) {
            Kernels.linear(x, first, count, weight, out, from, to);
        }
    }

    private record Piece(Part part, int from, int to) {}

    /// Computes everything that was added.
    void run() {
        for (Part part : parts) {
            part.rows.x.prepareFor(part.feedForward.gate());
            part.rows.middle.takeMemoryFor(part.feedForward.down());
        }
        List<Piece> up = pieces(FeedForward::intermediateSize);
        team.run(up.size(), (i, _) -> up.get(i).part.raise(up.get(i).from, up.get(i).to));
        List<Piece> down = pieces(FeedForward::hiddenSize);
        team.run(down.size(), (i, _) -> down.get(i).part.lower(down.get(i).from, down.get(i).to));
    }

    /// Those of most rows first: who begins with them takes arithmetic while those that begin with the others,
    /// and need little of it, have the memory.
    private List<Piece> pieces(ToIntFunction<FeedForward> numWeightRows) {
        parts.sort(Comparator.comparingInt(part -> -part.count));
        List<Piece> pieces = new ArrayList<>();
        for (Part part : parts) {
            boolean isLarge = parts.size() >= MANY_PARTS && part.count <= FEW_ROWS;
            int pieceRows = isLarge ? LARGE_PIECE_ROWS : PIECE_ROWS;
            int numRows = numWeightRows.applyAsInt(part.feedForward);
            for (int from = 0; from < numRows; from += pieceRows) {
                pieces.add(new Piece(part, from, Math.min(from + pieceRows, numRows)));
            }
        }
        return pieces;
    }
}
