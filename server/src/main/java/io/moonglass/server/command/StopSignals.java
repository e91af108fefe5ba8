package io.moonglass.server.command;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/// The signals that ask a process to end. The first begins an orderly end, the second ends it at once. Hooks of the JVM
/// would not do: once they run, it hears no second signal, and its exit code is that of the signal, however well the end
/// went.
final class StopSignals implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(StopSignals.class.getName());
    private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

    private final CountDownLatch asked = new CountDownLatch(1);
    private final List<Runnable> undo = new ArrayList<>();

    private StopSignals() {}

    /// Takes them over until this is closed.
    static StopSignals take() {
        StopSignals signals = new StopSignals();
        NAMES.forEach(name -> signals.take(new Signal(name)));
        return signals;
    }

    /// A signal that whoever started this process has it ignore, as `nohup` does, stays ignored. One that the JVM does
    /// not give out (`-Xrs`) ends the process as the system has it.
    private void take(Signal signal) {
        try {
            SignalHandler former = Signal.handle(signal, this::stop);
            if (former == SignalHandler.SIG_IGN) {
                Signal.handle(signal, former);
            } else {
                undo.add(() -> Signal.handle(signal, former));
            }
        } catch (IllegalArgumentException e) {
            LOG.log(System.Logger.Level.DEBUG, "the JVM does not give SIG" + signal.getName(), e);
        }
    }

    private void stop(Signal signal) {
        if (asked.getCount() == 0) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "SIG{0} again: ending at once; what still runs is cut off",
                    signal.getName());
            Runtime.getRuntime().halt(128 + signal.getNumber());
        }
        LOG.log(System.Logger.Level.INFO, "SIG{0}: stopping", signal.getName());
        asked.countDown();
    }

    /// Waits for the first.
    void await() throws InterruptedException {
        asked.await();
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
    }
}
