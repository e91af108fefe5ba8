package io.moonglass.vision.moonvit;

import io.moonglass.tensor.ThreadTeam;
import io.moonglass.vision.Pace;
import java.util.concurrent.atomic.AtomicInteger;

/// A team whose work is interrupted whenever the pace wants it. Pieces are cut by their size alone and
/// depend on no other, so where a work was interrupted changes no bit of it.
record PacedTeam(ThreadTeam team, Pace pace) {

    /// Most threads that run pieces.
    int size() {
        return team.size();
    }

    /// As [ThreadTeam#run], with pauses.
    ///
    /// @throws java.util.concurrent.CancellationException if the picture is wanted no longer; some of the
    ///     pieces were not run then
    void run(int numPieces, ThreadTeam.Piece work) {
        AtomicInteger nextPiece = new AtomicInteger();
        while (nextPiece.get() < numPieces) {
            if (pace.isDue()) {
                pace.pause();
            }
            team.run(
                    team.size(),
                    (_, member) -> {
                        do { // one at least, whoever waits
                            int piece = nextPiece.getAndIncrement();
                            if (piece >= numPieces) {
                                return;
                            }
                            work.run(piece, member);
                        } while (!pace.isDue());
                    });
        }
    }
}
