package io.moonglass.server.command;

import java.util.logging.LogManager;
import java.util.logging.Logger;

/// Keeps the log open to the end. Java's own log manager closes all handlers as soon as the JVM is
/// asked to end, and what is said while running answers finish would be lost.
public final class LastingLogManager extends LogManager {

    private volatile boolean lasts;

    /// For the log manager's own use.
    public LastingLogManager() {}

    /// To be called when the log is set up.
    static void keep() {
        if (LogManager.getLogManager() instanceof LastingLogManager manager) {
            // handlers are made at their first use, and no more once the JVM ends
            Logger.getLogger("").getHandlers();
            manager.lasts = true;
        }
    }

    @Override
    public void reset() {
        if (!lasts) {
            super.reset();
        }
    }
}
