package io.moonglass.server.observe;

import io.moonglass.engine.EngineStatistics;
import io.moonglass.runtime.ModelStatistics;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Whether engines with work to do still get on. Every change is logged once. Safe to use from any thread.
public final class EngineWatch {

    private static final System.Logger LOG = System.getLogger(EngineWatch.class.getName());

    private final Duration stuckAfter;
    private final Set<String> stuck = new HashSet<>();

    /// @param stuckAfter much longer than a step takes
    public EngineWatch(Duration stuckAfter) {
        this.stuckAfter = stuckAfter;
    }

    /// Whether no step has ended for longer than that in one of them, though there is work.
    ///
    /// @param models statistics by name
    public synchronized boolean isStuck(Map<String, ModelStatistics> models) {
        stuck.retainAll(models.keySet());
        models.forEach((name, statistics) -> look(name, statistics.engine()));
        return !stuck.isEmpty();
    }

    private void look(String name, EngineStatistics engine) {
        boolean isNow = engine.sinceProgress().compareTo(stuckAfter) > 0;
        if (isNow && stuck.add(name)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "the engine of {0} is stuck: no step has ended for {1} s, with {2} answers running and {3} waiting",
                    name,
                    engine.sinceProgress().toSeconds(),
                    engine.numRunning(),
                    engine.numWaiting());
        } else if (!isNow && stuck.remove(name)) {
            LOG.log(System.Logger.Level.INFO, "the engine of {0} goes on", name);
        }
    }
}
