package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.RequestContext;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.OcrRun;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import io.moonglass.server.observe.RequestReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// One request while it is answered, and all that can end it early: its client, another request, its
/// deadline, the server. Belongs to the request's thread; any thread may stop it.
final class RunningRequest implements AutoCloseable, OcrRun.Asker {

    /// How long a client may take to read that its request was ended, before its connection is closed: one
    /// that reads nothing would hold its place for ever.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final RunningRequests all;
    private final RunningRequests.Key key;
    private final int numAnswers;
    private final RequestReport report;
    private final GenerationEvents events;
    private final KeyUse keyUse;
    private final ScheduledExecutorService timer;
    private final ClientLink client;
    private Future<?> deadline;
    private volatile Future<?> abort;
    private volatile boolean closed;
    private final List<Generation> generations = new CopyOnWriteArrayList<>();

    RunningRequest(
            RunningRequests all,
            RunningRequests.Key key,
            ClientLink client,
            int numAnswers,
            RequestReport report,
            KeyUse keyUse,
            ScheduledExecutorService timer) {
        this.report = report;
        this.timer = timer;
        this.keyUse = keyUse;
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

    /// The stages that it has been in until now.
    @Override
    public RequestTimeline timeline() {
        return report.timeline();
    }

    void stopAfter(Duration time) {
        if (time.isPositive()) {
            deadline =
                    timer.schedule(() -> stop(Stop.DEADLINE), time.toNanos(), TimeUnit.NANOSECONDS);
        } else {
            stop(Stop.DEADLINE);
        }
    }

    /// Has a model generate the answers, on another thread, because pictures may take long. What becomes of it is among
    /// the steps.
    void generate(ChatModel model, List<ChatRequest> requests) {
        prepare(() -> generateAll(model, requests));
    }

    /// Does on another thread what has the answers generated; the steps tell when it is done, or what went wrong.
    ///
    /// @param work ends with [CancellationException] if the request is stopped
    void prepare(Runnable work) {
        Thread.ofVirtual()
                .name("prepare-" + key.requestId())
                .start(RequestContext.carriedBy(() -> tellOf(work)));
    }

    private void tellOf(Runnable work) {
        try {
            work.run();
            if (events.isStopped()) {
                cancelGenerations();
            }
            events.tell(new Step.Prepared());
        } catch (CancellationException e) { // nobody waits, or the model closes
            cancelGenerations();
            events.tell(new Step.Refused(HttpFault.shuttingDown()));
        } catch (RuntimeException | Error e) {
            cancelGenerations();
            events.tell(new Step.Refused(e));
        }
    }

    private void generateAll(ChatModel model, List<ChatRequest> requests) {
        int numEach = numAnswers / requests.size();
        List<Consumer<GenerationEvent>> takers =
                IntStream.range(0, numAnswers).mapToObj(this::taker).toList();
        for (int i = 0; i < requests.size(); i++) {
            List<Consumer<GenerationEvent>> own = takers.subList(i * numEach, (i + 1) * numEach);
            if (!events.isStopped()) {
                run(model.generate(requests.get(i), own, timeline(), events::isStopped));
            }
        }
    }

    /// Takes events of one answer.
    @Override
    public Consumer<GenerationEvent> taker(int answer) {
        return new Counted(events.taker(answer), keyUse);
    }

    /// Counts an answer's tokens when it has ended, also where nobody waits for it any more.
    private static final class Counted implements Consumer<GenerationEvent> {

        private final Consumer<GenerationEvent> taker;
        private final KeyUse keyUse;
        private int promptTokens;

        Counted(Consumer<GenerationEvent> taker, KeyUse keyUse) {
            this.taker = taker;
            this.keyUse = keyUse;
        }

        @Override
        public void accept(GenerationEvent event) {
            if (event instanceof GenerationEvent.PromptMeasured(PromptSize size)) {
                promptTokens = size.tokens(); // told to one of a prompt's answers
            } else if (event instanceof GenerationEvent.Finished end) {
                keyUse.spend((long) promptTokens + end.usage().completionTokens());
            }
            taker.accept(event);
        }
    }

    /// A generation runs for this request, and ends with it.
    @Override
    public void run(Generation generation) {
        generations.add(generation);
        if (events.isStopped()) {
            generation.cancel();
        }
    }

    /// A generation has ended.
    @Override
    public void forget(Generation generation) {
        generations.remove(generation);
    }

    /// Tells the steps that something has changed which is no event.
    @Override
    public void note() {
        events.tell(new Step.Noted());
    }

    private void cancelGenerations() {
        generations.forEach(Generation::cancel);
    }

    /// What its prompts amount to together; not to be asked before they are prepared.
    PromptSize prompt() {
        return PromptSize.together(generations.stream().map(Generation::prompt).toList());
    }

    /// Waits for the next step; [Step.Silence] if none comes within `patience`.
    ///
    /// @throws CloseConnectionException if the thread is interrupted, as a stopping server does
    Step next(Duration patience) {
        try {
            Step step = events.next(patience);
            if (step instanceof Step.Event(int answer, GenerationEvent event)) {
                report.happened(answer, event);
            }
            return step;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("interrupted: the server stops", e);
        }
    }

    /// Ends it before its end, whatever stage it is in; does nothing if it has ended. Does not block.
    ///
    /// @return whether this was what ended it
    boolean stop(Stop reason) {
        boolean first = events.stop(reason);
        all.cannotStop(this);
        cancelGenerations();
        if (first) {
            abort =
                    timer.schedule(
                            () -> Thread.startVirtualThread(client::abort),
                            PATIENCE.toMillis(),
                            TimeUnit.MILLISECONDS);
            if (closed) { // meanwhile, and its connection may have another request by then
                abort.cancel(false);
            }
        }
        return first;
    }

    /// Whether nobody waits for it any more.
    @Override
    public boolean isStopped() {
        return events.isStopped();
    }

    /// All of the answer is there: nothing stops it any more, and its id is free before its client can
    /// know that it is.
    ///
    /// @throws RuntimeException of [Stop#fault()] if something has stopped it
    void complete() {
        if (!events.stop(Stop.COMPLETE)) {
            throw fault();
        }
        timeline().answered();
        all.cannotStop(this);
    }

    @Override
    public void close() {
        if (deadline != null) {
            deadline.cancel(false);
        }
        closed = true; // before it is looked whether there is one
        Future<?> pending = abort;
        if (pending != null) {
            pending.cancel(false);
        }
        events.stop(Stop.CLIENT_GONE); // ends the preparation, if it is still going on
        cancelGenerations();
        generations.clear(); // the connection's watch may keep this for long
        all.cannotStop(this);
        all.ended(this);
    }

    /// Why it ended before its end; where nobody said, a stopping server interrupted its thread.
    RuntimeException fault() {
        return events.stopped().orElse(Stop.SHUTTING_DOWN).fault();
    }
}
