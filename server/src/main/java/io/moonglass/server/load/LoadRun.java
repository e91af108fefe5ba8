package io.moonglass.server.load;

import io.moonglass.clients.MoonglassClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Clients at work. They run on virtual threads, which sleep while nothing comes.
public final class LoadRun implements AutoCloseable {

    private final LoadPlan plan;
    private final LoadSettings settings;
    private final List<Tally> tallies;
    private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<Void>> running = new ArrayList<>();
    private final long startNanos = System.nanoTime();

    private LoadRun(LoadPlan plan, LoadSettings settings) {
        this.plan = plan;
        this.settings = settings;
        this.tallies = plan.mix().scenarios().stream().map(_ -> new Tally()).toList();
    }

    /// All clients ask their first question at once.
    public static LoadRun start(MoonglassClient server, LoadSettings settings, LoadPlan plan) {
        LoadRun run = new LoadRun(plan, settings);
        Deadline deadline = new Deadline(settings.duration());
        for (int i = 0; i < settings.numClients(); i++) {
            LoadClient client = new LoadClient(server, settings, plan, deadline, run.tallies);
            Callable<Void> asking =
                    () -> {
                        client.run();
                        return null;
                    };
            run.running.add(run.clients.submit(asking));
        }
        run.clients.shutdown();
        return run;
    }

    /// Waits for the last client to end.
    ///
    /// @return whether it has ended within `patience`
    /// @throws RuntimeException a client's, if one ended by a fault of ours
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        boolean hasEnded = clients.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
        for (Future<Void> client : running) {
            if (client.state() == Future.State.FAILED
                    && client.exceptionNow() instanceof RuntimeException fault) {
                throw fault;
            }
        }
        return hasEnded;
    }

    /// Questions that were answered, failed or were cancelled so far.
    public long numEnded() {
        return tallies.stream().mapToLong(Tally::numEnded).sum();
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    /// What was measured so far.
    public LoadReport report() {
        return LoadReport.of(plan, settings, elapsed().toNanos() / 1e9, tallies);
    }

    /// Closes all connections and waits until no client is left.
    @Override
    public void close() {
        clients.shutdownNow();
        clients.close();
    }
}
