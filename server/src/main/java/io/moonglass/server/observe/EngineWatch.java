package io.moonglass.server.observe;

import io.moonglass.engine.EngineStatistics;
import java.time.Duration;

/// Whether an engine with work to do still gets on. Every change is logged once. Safe to use from any
/// thread.
public final class EngineWatch {

    private static final System.Logger LOG = System.getLogger(EngineWatch.class.getName());

    private final Duration stuckAfter;
    private boolean stuck;

    /// @param stuckAfter much longer than a step takes
    public EngineWatch(Duration stuckAfter) {
        this.stuckAfter = stuckAfter;
    }

    /// Whether no step has ended for longer than that, though there is work.
    public synchronized boolean isStuck(EngineStatistics engine) {
        boolean isNow = engine.sinceProgress().compareTo(stuckAfter) > 0;
        if (isNow && !stuck) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "the engine is stuck: no step has ended for {0} s, with {1} answers running and {2} waiting",
                    engine.sinceProgress().toSeconds(),
                    engine.numRunning(),
                    engine.numWaiting());
        } else if (stuck && !isNow) {
            LOG.log(System.Logger.Level.INFO, "the engine goes on");
        }
        stuck = isNow;
        return isNow;
    }
}
