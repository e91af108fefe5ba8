package io.moonglass.server.command;

import java.util.concurrent.CountDownLatch;

/// Interrupts a command's thread when the process is asked to end, as Ctrl-C does, and keeps the process until the command
/// has said what it has to say.
final class InterruptOnExit implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(InterruptOnExit.class.getName());

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;

    private InterruptOnExit(Thread command) {
        this.hook =
                new Thread(() -> {
                    command.interrupt();
                    awaitDone();
                });
    }

    static InterruptOnExit ofThisThread() {
        InterruptOnExit exit = new InterruptOnExit(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(exit.hook);
        return exit;
    }

    private void awaitDone() {
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The command has said it.
    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LOG.log(System.Logger.Level.DEBUG, "the process already ends", e);
        }
    }
}
