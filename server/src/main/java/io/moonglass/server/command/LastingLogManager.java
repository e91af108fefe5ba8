package io.moonglass.server.command;

import java.util.logging.LogManager;
import java.util.logging.Logger;

/// Keeps the log open to the end. Java's own log manager closes all handlers as soon as the JVM is
/// asked to end, and what is said while running answers finish would be lost.
public final class LastingLogManager extends LogManager {

    private static final String PROPERTY = "java.util.logging.manager";

    private volatile boolean lasts;

    /// For the log manager's own use.
    public LastingLogManager() {}

    /// Makes this the JVM's log manager, if the log has not been used yet and the operator has not
    /// chosen another.
    static void install() {
        if (System.getProperty(PROPERTY) == null) {
            System.setProperty(PROPERTY, LastingLogManager.class.getName());
        }
    }

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
