package io.moonglass.server.http;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.PromptSize;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// One request while it is answered, and all that can end it early: its client, another request, its
/// deadline, the server. Belongs to the request's thread; any thread may stop it.
final class RunningRequest implements AutoCloseable {

    /// How long a client may take to read that its request was ended, before its connection is closed: one
    /// that reads nothing would hold its place for ever.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RunningRequests all;
    private final RunningRequests.Key key;
    private final int numAnswers;
    private final GenerationEvents events;
    private final ScheduledExecutorService timer;
    private final ClientConnection client;
    private Future<?> deadline;
    private volatile Future<?> abort;
    private volatile Generation generation;

    RunningRequest(
            RunningRequests all,
            RunningRequests.Key key,
            ClientConnection client,
            int numAnswers,
            ScheduledExecutorService timer) {
        this.timer = timer;
        this.client = client;
        this.all = all;
        this.key = key;
        this.numAnswers = numAnswers;
        // the engine's thread gives a slow reader up, and must not wait for the socket to close
        this.events = new GenerationEvents(() -> Thread.startVirtualThread(client::abort));
    }

    RunningRequests.Key key() {
        return key;
    }

    int numAnswers() {
        return numAnswers;
    }

    void stopAfter(Duration time) {
        if (time.isPositive()) {
            deadline =
                    timer.schedule(() -> stop(Stop.DEADLINE), time.toNanos(), TimeUnit.NANOSECONDS);
        } else {
            stop(Stop.DEADLINE);
        }
    }

    /// Has a model generate the answers; their events can be read after that.
    ///
    /// @throws RuntimeException of [Stop#fault()] if it is stopped before the prompt is ready
    void generate(ChatModel model, ChatRequest request) {
        if (events.isStopped()) {
            throw fault();
        }
        try {
            generation = model.generate(request, events.takers(numAnswers), events::isStopped);
        } catch (CancellationException e) {
            throw fault();
        }
    }

    /// What its prompt amounts to; not to be asked before it is generated.
    PromptSize prompt() {
        return generation.prompt();
    }

    /// Waits for the next step; [Step.Silence] if none comes within `patience`.
    Step next(Duration patience) throws InterruptedException {
        return events.next(patience);
    }

    /// Ends it before its end, whatever stage it is in; does nothing if it has ended. Does not block.
    ///
    /// @return whether this was what ended it
    boolean stop(Stop reason) {
        boolean first = events.stop(reason);
        all.cannotStop(this);
        Generation stopped = generation;
        if (stopped != null) {
            stopped.cancel();
        }
        if (first) {
            abort =
                    timer.schedule(
                            () -> Thread.startVirtualThread(client::abort),
                            PATIENCE.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
        return first;
    }

    /// All of the answer is there: nothing stops it any more, and its id is free before its client can
    /// know that it is.
    ///
    /// @throws RuntimeException of [Stop#fault()] if something has stopped it
    void complete() {
        if (!events.stop(Stop.COMPLETE)) {
            throw fault();
        }
        all.cannotStop(this);
    }

    @Override
    public void close() {
        if (deadline != null) {
            deadline.cancel(false);
        }
        Future<?> pending = abort;
        if (pending != null) {
            pending.cancel(false);
        }
        if (generation != null) {
            generation.cancel();
            generation = null; // the connection's watch may keep this for long
        }
        all.cannotStop(this);
        all.ended(this);
    }

    /// Why it ended before its end; where nobody said, a stopping server interrupted its thread.
    private RuntimeException fault() {
        return events.stopped().orElse(Stop.SHUTTING_DOWN).fault();
    }
}
