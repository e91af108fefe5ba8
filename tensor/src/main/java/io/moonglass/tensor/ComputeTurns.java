package io.moonglass.tensor;

import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/// Turns that users of the same cores take, so that each computes with all of them while it does. Who
/// waits longest is next. A user with much to do calls [#pause()] between pieces of it.
///
/// Safe to use from any thread; a turn belongs to the thread that took it.
public final class ComputeTurns {

    private final ReentrantLock turn = new ReentrantLock(true);
    private volatile long slice;
    private long takenAt;

    /// @param slice how long a user with much to do computes before it lets others go on
    public ComputeTurns(Duration slice) {
        setSlice(slice);
    }

    /// How long a user with much to do computes, from its next [#pause()] on.
    public void setSlice(Duration value) {
        slice = value.toNanos();
    }

    /// Waits for a turn.
    public void take() {
        turn.lock();
        takenAt = System.nanoTime();
    }

    /// Ends the turn.
    public void give() {
        turn.unlock();
    }

    /// Lets those go first who wait, if this turn has been long enough. Takes microseconds if nobody
    /// does.
    public void pause() {
        if (isDue()) {
            give();
            take();
        }
    }

    /// Whether a [#pause()] would let somebody go first. For the turn's thread and those that compute for it.
    public boolean isDue() {
        return turn.hasQueuedThreads() && System.nanoTime() - takenAt >= slice;
    }

    /// Whether another thread computes or waits for a turn.
    public boolean isWanted() {
        return turn.hasQueuedThreads() || turn.isLocked() && !turn.isHeldByCurrentThread();
    }
}
