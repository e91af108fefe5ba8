package io.moonglass.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/// A fixed team of threads that shares out pieces of a computation. The caller is a member: it works
/// too, and returns when all pieces are done. Members that run out of work spin briefly, because the
/// next piece usually comes within microseconds, and then park.
///
/// One thread at a time may call [#run]; the engine's thread does.
public final class ThreadTeam implements AutoCloseable {

    /// One piece of the work.
    @FunctionalInterface
    public interface Piece {
        /// @param member number of the thread that runs it, below [ThreadTeam#size()]; for scratch
        void run(int piece, int member);
    }

    /// Some rows of the work.
    @FunctionalInterface
    public interface RowRange {
        void run(int first, int count);
    }

    private static final int SPINS = 20_000;

    private final Thread[] helpers;
    private volatile Round current;
    private volatile boolean closed;

    /// @param size threads in all, the caller's included
    public ThreadTeam(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a team of %d; want 1 or more".formatted(size));
        }
        helpers = new Thread[size - 1];
        current = new Round(null, 0, size);
        for (int i = 0; i < helpers.length; i++) {
            int member = i + 1;
            helpers[i] =
                    Thread.ofPlatform()
                            .name("moonglass-worker-" + member)
                            .daemon()
                            .start(() -> helpUntilClosed(member));
        }
    }

    public int size() {
        return helpers.length + 1;
    }

    /// Runs pieces `0 .. numPieces - 1`, each once, in no promised order, and waits for all.
    public void run(int numPieces, Piece work) {
        if (numPieces == 1 || helpers.length == 0) {
            for (int piece = 0; piece < numPieces; piece++) {
                work.run(piece, 0);
            }
            return;
        }
        Round round = new Round(work, numPieces, size());
        current = round;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
        round.takePieces(0);
        for (int spin = 0; !round.isDone(); spin++) {
            if (spin < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield(); // the helper with the last piece may be waiting for this core
            }
        }
        round.rethrow();
    }

    /// Runs rows `0 .. numRows - 1`, each once, some in a piece.
    ///
    /// @param pieceRows rows of a piece
    public void runRows(int numRows, int pieceRows, RowRange work) {
        run(
                (numRows + pieceRows - 1) / pieceRows,
                (piece, _) -> {
                    int first = piece * pieceRows;
                    work.run(first, Math.min(pieceRows, numRows - first));
                });
    }

    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
    }

    private void helpUntilClosed(int member) {
        Round last = current;
        while (!closed) {
            Round round = awaitRoundAfter(last);
            round.takePieces(member);
            last = round;
        }
    }

    private Round awaitRoundAfter(Round last) {
        for (int spin = 0; current == last && !closed; spin++) {
            if (spin < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
        return current;
    }

    /// One call of [#run]. Each member begins with a stretch of its own and goes through it in order: pieces
    /// next to each other are weights next to each other, and memory brings those faster. Who has none
    /// left takes the second half of what another still has. A helper that wakes too late finds its
    /// stretch taken, so nobody waits for sleepers.
    private static final class Round {

        /// Words from one member's stretch to the next: they share no cache line.
        private static final int STRIDE = 16;

        private final Piece work;
        private final int numPieces;
        private final int numMembers;

        /// Of each member, the piece that it takes next (upper half) and its stretch's end (lower half).
        private final AtomicLongArray stretches;

        private final AtomicInteger numDone = new AtomicInteger();
        private volatile Throwable fault;

        Round(Piece work, int numPieces, int numMembers) {
            this.work = work;
            this.numPieces = numPieces;
            this.numMembers = numMembers;
            stretches = new AtomicLongArray(numMembers * STRIDE);
            for (int member = 0; member < numMembers; member++) {
                stretches.setPlain(member * STRIDE, stretch(bound(member), bound(member + 1)));
            }
        }

        private int bound(int member) {
            return (int) ((long) numPieces * member / numMembers);
        }

        private static long stretch(int next, int end) {
            return (long) next << Integer.SIZE | end;
        }

        private static int next(long stretch) {
            return (int) (stretch >>> Integer.SIZE);
        }

        private static int end(long stretch) {
            return (int) stretch;
        }

        void takePieces(int member) {
            for (int piece; (piece = nextPiece(member)) < numPieces; ) {
                try {
                    work.run(piece, member);
                } catch (Throwable t) {
                    fault = t; // the caller's to throw; a member's thread must live on
                }
                numDone.incrementAndGet();
            }
        }

        /// The number of pieces if none is left.
        private int nextPiece(int member) {
            while (true) {
                long stretch = stretches.get(member * STRIDE);
                int next = next(stretch);
                int end = end(stretch);
                if (next < end) {
                    if (stretches.compareAndSet(member * STRIDE, stretch, stretch(next + 1, end))) {
                        return next;
                    }
                } else if (!takeFromOthers(member)) {
                    return numPieces;
                }
            }
        }

        private boolean takeFromOthers(int member) {
            for (int i = 1; i < numMembers; i++) {
                int other = (member + i) % numMembers * STRIDE;
                while (true) {
                    long stretch = stretches.get(other);
                    int next = next(stretch);
                    int end = end(stretch);
                    if (next >= end) {
                        break;
                    }
                    int middle = next + (end - next) / 2;
                    if (stretches.compareAndSet(other, stretch, stretch(next, middle))) {
                        stretches.set(member * STRIDE, stretch(middle, end));
                        return true;
                    }
                }
            }
            return false;
        }

        boolean isDone() {
            return numDone.get() == numPieces;
        }

        void rethrow() {
            switch (fault) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable t -> throw new IllegalStateException(t);
            }
        }
    }
}
