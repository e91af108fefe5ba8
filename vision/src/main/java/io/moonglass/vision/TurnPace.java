package io.moonglass.vision;

import io.moonglass.tensor.ComputeTurns;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/// The pace of one picture that is encoded in turns: a turn is taken before the first piece of work and
/// given when this is closed. An encoder that never asks takes none. For the encoding thread.
public final class TurnPace implements Pace, AutoCloseable {

    private final ComputeTurns turns;
    private final BooleanSupplier abandoned;
    private boolean taken;

    /// @param abandoned whether nobody wants the picture any more; asked often and from several threads
    public TurnPace(ComputeTurns turns, BooleanSupplier abandoned) {
        this.turns = turns;
        this.abandoned = abandoned;
    }

    @Override
    public boolean isDue() {
        return !taken || turns.isDue() || abandoned.getAsBoolean();
    }

    @Override
    public void pause() {
        if (taken) {
            turns.pause();
        } else {
            turns.take();
            taken = true;
        }
        if (abandoned.getAsBoolean()) {
            throw new CancellationException("nobody waits for the picture any more");
        }
    }

    @Override
    public void close() {
        if (taken) {
            taken = false;
            turns.give();
        }
    }
}
