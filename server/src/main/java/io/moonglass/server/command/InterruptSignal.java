package io.moonglass.server.command;

import java.util.function.BooleanSupplier;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/// Ctrl-C for as long as a conversation runs: it stops an answer, and ends the program where none is being written.
final class InterruptSignal implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(InterruptSignal.class.getName());
    private static final Signal SIGNAL = new Signal("INT");

    private final SignalHandler former;

    private InterruptSignal(SignalHandler former) {
        this.former = former;
    }

    /// @param stop whether there was something to stop
    static InterruptSignal to(BooleanSupplier stop) {
        try {
            return new InterruptSignal(
                    Signal.handle(
                            SIGNAL,
                            signal -> {
                                if (!stop.getAsBoolean()) {
                                    Runtime.getRuntime().exit(128 + signal.getNumber());
                                }
                            }));
        } catch (IllegalArgumentException e) {
            LOG.log(System.Logger.Level.DEBUG, "the JVM does not give SIGINT", e);
            return new InterruptSignal(null);
        }
    }

    @Override
    public void close() {
        if (former != null) {
            Signal.handle(SIGNAL, former);
        }
    }
}
