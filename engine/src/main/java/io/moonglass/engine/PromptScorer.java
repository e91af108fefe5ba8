package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Finds what is to be told of prompts in what a step has computed of them. Engine thread only.
final class PromptScorer {

    /// Rows whose logits are held at a time: of the released models' vocabulary, 20 MiB.
    private static final int PIECE_ROWS = 32;

    private final Decoder decoder;
    private final ThreadTeam team;
    private final Workspace workspace;
    private final int vocabSize;

    /// @param numRows rows whose logits were computed
    /// @param seconds that this took
    record Scored(int numRows, double seconds) {}

    /// A prompt's token, and the step's row from whose logits it is scored.
    private record Row(PromptScore score, int position, int tokenId, int row) {}

    PromptScorer(Decoder decoder, ThreadTeam team, Workspace workspace, int vocabSize) {
        this.decoder = decoder;
        this.team = team;
        this.workspace = workspace;
        this.vocabSize = vocabSize;
    }

    /// @param hidden        the step's normalised outputs
    /// @param scratch       `[team size][vocabSize]`, free again when `betweenPieces` is called
    /// @param betweenPieces may run other steps
    Scored score(StepPlan step, FloatMatrix hidden, float[][] scratch, Runnable betweenPieces) {
        List<Row> rows = new ArrayList<>();
        int firstRow = 0;
        for (StepPlan.Share share : step.shares()) {
            PromptScore score = share.sequence().score();
            if (score != null) {
                read(share, score, hidden, firstRow, rows);
            }
            firstRow += share.numTokens();
        }
        long nanos = 0;
        for (int from = 0; from < rows.size(); from += PIECE_ROWS) {
            long begin = System.nanoTime();
            List<Row> piece = rows.subList(from, Math.min(from + PIECE_ROWS, rows.size()));
            scorePiece(piece, hidden, scratch);
            nanos += System.nanoTime() - begin;
            betweenPieces.run();
        }
        return new Scored(rows.size(), nanos / 1e9);
    }

    /// Reads those of a share's rows that are the prompt's and were not read before.
    private static void read(
            StepPlan.Share share,
            PromptScore score,
            FloatMatrix hidden,
            int firstRow,
            List<Row> rows) {
        Sequence sequence = share.sequence();
        int first = sequence.numCached();
        int from = Math.max(first, score.numRead());
        int to = Math.min(first + share.numTokens(), sequence.numPromptTokens());
        if (from >= to) {
            return;
        }
        score.read(hidden.rows(firstRow + from - first, to - from));
        for (int i = from; i < to; i++) {
            if (score.scores(i + 1)) {
                int row = firstRow + i - first;
                rows.add(new Row(score, i + 1, sequence.tokenId(i + 1), row));
            }
        }
    }

    private void scorePiece(List<Row> rows, FloatMatrix hidden, float[][] scratch) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix outputs = frame.matrix(rows.size(), hidden.numColumns());
            for (int i = 0; i < rows.size(); i++) {
                outputs.rows(i, 1).copyFrom(hidden.rows(rows.get(i).row(), 1));
            }
            FloatMatrix logits = frame.matrix(rows.size(), vocabSize);
            decoder.logits(outputs, logits, workspace);
            TokenLogprobs[] found = new TokenLogprobs[rows.size()];
            RuntimeException[] faults = new RuntimeException[rows.size()];
            team.run(
                    rows.size(),
                    (i, member) -> {
                        try {
                            found[i] = logprobs(rows.get(i), logits.rows(i, 1), scratch[member]);
                        } catch (RuntimeException e) { // of one prompt, and not of the step
                            faults[i] = e;
                        }
                    });
            for (int i = 0; i < rows.size(); i++) {
                Row row = rows.get(i);
                row.score().found(row.position(), found[i]);
                if (faults[i] != null) {
                    row.score().failed(faults[i]);
                }
            }
        }
    }

    private static TokenLogprobs logprobs(Row row, FloatMatrix logits, float[] scratch) {
        MemorySegment.copy(logits.data(), ValueLayout.JAVA_FLOAT, 0, scratch, 0, scratch.length);
        return TokenLogprobs.of(scratch, row.tokenId(), row.score().numTop());
    }
}
