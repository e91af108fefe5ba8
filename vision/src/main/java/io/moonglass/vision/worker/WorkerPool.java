package io.moonglass.vision.worker;

import io.moonglass.vision.worker.WorkerProcess.Ending;
import io.moonglass.vision.worker.WorkerProcess.State;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// The processes there are: who is lent, started and ended. Safe to use from any thread.
final class WorkerPool implements AutoCloseable {

    /// What became of a command.
    enum Outcome {
        ANSWERED,
        FAULT,
        UNANSWERED
    }

    /// For a JVM on a busy machine, which may have to unpack its native libraries.
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private static final long WATCH_MILLIS = 100;

    /// How soon is looked again for what may be decoding ahead.
    private static final long SETTLE_MILLIS = 5;

    /// How long is waited for a process that suits better than another or a new one would: what it does is mostly a
    /// frame, and to open a file elsewhere takes as long.
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /// A command that nobody waits for may end by itself this long: most do, and a new process costs more.
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final WorkerOptions options;
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Condition changed = lock.newCondition();
    private final List<WorkerProcess> workers = new ArrayList<>();

    /// Those who found no process, in the order in which they came.
    private final ArrayDeque<Object> line = new ArrayDeque<>();

    private boolean watched;
    private boolean closed;

    private long started;
    private long crashed;
    private long killedForTime;
    private long killedForNonsense;
    private long abandonedCommands;
    private long commands;
    private long commandNanos;

    WorkerPool(WorkerOptions options) {
        this.options = options;
    }

    /// Waits for a process that is free, or starts one. It is the caller's until it is given back. Nobody is passed
    /// over by who came later, also not by who could go on with the file that a process has just used.
    ///
    /// @param fresh whether only a new process will do
    /// @throws CancellationException if nobody waits any more, or the thread is interrupted
    /// @throws IOException           if none can be started
    WorkerProcess lend(Command command, BooleanSupplier abandoned, boolean fresh)
            throws IOException {
        lock.lock();
        Object place = new Object();
        try {
            long patience = System.nanoTime() + PATIENCE_NANOS;
            for (; ; ) {
                if (closed) {
                    throw new IllegalStateException("the media workers are closed");
                }
                if (abandoned.getAsBoolean() || Thread.currentThread().isInterrupted()) {
                    throw nobodyWaits();
                }
                List.copyOf(workers).forEach(this::settle);
                boolean isNext = line.isEmpty() || line.getFirst() == place;
                Optional<WorkerProcess> found =
                        fresh || !isNext ? Optional.empty() : suitable(command);
                if (found.isPresent()) {
                    return lendOut(found.get(), abandoned);
                }
                boolean patient =
                        !fresh
                                && line.isEmpty()
                                && System.nanoTime() - patience < 0
                                && (isOpen(command) || isSoonEmpty(command.trade()));
                if (isNext && !patient && workers.size() < options.maxWorkers()) {
                    return start(command.trade(), abandoned);
                }
                Optional<WorkerProcess> ready =
                        patient || !isNext
                                ? Optional.empty()
                                : bestReady(worker -> worker.trade() == command.trade())
                                        .or(() -> bestReady(_ -> true));
                if (ready.isPresent() && !fresh && ready.get().trade() == command.trade()) {
                    return lendOut(ready.get(), abandoned);
                } else if (ready.isPresent()) {
                    remove(ready.get(), Ending.NOT_NEEDED);
                } else {
                    if (!patient && !line.contains(place)) {
                        line.addLast(place);
                    }
                    boolean settling = workers.stream().anyMatch(WorkerPool::isUnsettled);
                    changed.await(settling ? SETTLE_MILLIS : WATCH_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw nobodyWaits();
        } finally {
            if (line.remove(place)) {
                changed.signalAll();
            }
            lock.unlock();
        }
    }

    /// One that has the file open; if none has, one that has nothing open.
    private Optional<WorkerProcess> suitable(Command command) {
        if (!isOpen(command)) {
            return bestReady(worker -> worker.trade() == command.trade() && worker.open.isEmpty());
        }
        Command.Source source = command.file().orElseThrow();
        return workers.stream()
                .filter(worker -> worker.open.contains(source))
                .filter(worker -> isFree(worker, source))
                .findFirst();
    }

    /// Whether one is about to have closed its last file, which takes less than a new process.
    private boolean isSoonEmpty(WorkerTrade trade) {
        return workers.stream()
                .filter(worker -> worker.trade() == trade && isUnsettled(worker))
                .anyMatch(worker -> worker.open.isEmpty());
    }

    private static boolean isUnsettled(WorkerProcess worker) {
        return worker.state == State.SETTLING || worker.state == State.CLOSING;
    }

    private boolean isOpen(Command command) {
        return command.file().stream()
                .anyMatch(source ->
                        workers.stream().anyMatch(worker -> worker.open.contains(source)));
    }

    private Optional<WorkerProcess> bestReady(Predicate<WorkerProcess> wanted) {
        return workers.stream()
                .filter(worker -> worker.state == State.READY)
                .filter(wanted)
                .min(
                        Comparator.<WorkerProcess>comparingInt(worker -> worker.open.size())
                                .thenComparingLong(worker -> worker.idleSince));
    }

    /// What may be decoding ahead is free for that file alone: it may hang, and another file is not to suffer for it.
    private static boolean isFree(WorkerProcess worker, Command.Source source) {
        return switch (worker.state) {
            case READY -> true;
            case SETTLING -> !worker.open.isEmpty() && worker.open.getLast().equals(source);
            case CLOSING, BUSY -> false;
        };
    }

    private WorkerProcess lendOut(WorkerProcess worker, BooleanSupplier abandoned) {
        worker.state = State.BUSY;
        worker.abandoned = abandoned;
        worker.abandonedSince = Long.MAX_VALUE;
        worker.deadline = System.nanoTime() + options.deadline().toNanos();
        return worker;
    }

    private WorkerProcess start(WorkerTrade trade, BooleanSupplier abandoned) throws IOException {
        if (!watched) {
            // first, so that no process is without it where threads are short; ends by itself
            Thread.ofPlatform().daemon().name("media-workers").start(this::watch);
            watched = true;
        }
        WorkerProcess worker = WorkerProcess.start(options, trade);
        started++;
        workers.add(worker);
        lendOut(worker, abandoned);
        worker.deadline = System.nanoTime() + START_LIMIT.toNanos();
        return worker;
    }

    /// Takes a process back, or ends it if it has not answered.
    ///
    /// @param begun when its command began, on [System#nanoTime]'s clock
    void giveBack(WorkerProcess worker, Command command, long begun, Outcome outcome) {
        lock.lock();
        try {
            if (outcome == Outcome.UNANSWERED) {
                remove(worker, Ending.NOT_NEEDED);
                return;
            }
            commands++;
            commandNanos += System.nanoTime() - begun;
            boolean closed = command.opens() && outcome == Outcome.FAULT;
            command.file().ifPresent(closed ? worker.open::remove : worker::opened);
            worker.abandoned = null;
            beginSettling(worker);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void beginSettling(WorkerProcess worker) {
        worker.state = State.SETTLING;
        worker.owesReady = true;
        worker.deadline = System.nanoTime() + options.deadline().toNanos();
    }

    /// Finds out whether a process that has answered is ready for another file.
    private void settle(WorkerProcess worker) {
        if (worker.state == State.BUSY || worker.state == State.CLOSING) {
            return;
        }
        try {
            if (worker.state == State.SETTLING && worker.in().hasMore()) {
                worker.in().ready();
                worker.owesReady = false;
                worker.state = State.READY;
                worker.idleSince = System.nanoTime();
                changed.signalAll();
            }
            if (worker.state == State.READY && !worker.toClose.isEmpty()) {
                beginClosing(worker, worker.toClose.removeFirst());
            }
        } catch (IOException e) {
            remove(worker, Ending.NONSENSE);
        }
        if (!worker.isAlive()) {
            countCrash(worker);
            remove(worker, Ending.NOT_NEEDED);
        }
    }

    /// By a thread of its own: a process that was taken over need not read, and whoever writes to it then waits until
    /// it is killed, which takes the lock.
    private void beginClosing(WorkerProcess worker, Command.Source source) {
        worker.open.remove(source);
        worker.state = State.CLOSING;
        worker.deadline = System.nanoTime() + options.deadline().toNanos();
        Thread.ofPlatform().daemon().name("media-closer").start(() -> tellToClose(worker, source));
    }

    private void tellToClose(WorkerProcess worker, Command.Source source) {
        boolean told = false;
        try {
            worker.send(new Command.Close(source));
            told = true;
        } catch (IOException gone) {
            return;
        } finally {
            lock.lock();
            try {
                if (told) {
                    beginSettling(worker);
                } else {
                    countCrash(worker);
                    remove(worker, Ending.NOT_NEEDED);
                }
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void countCrash(WorkerProcess worker) {
        crashed += worker.ending == Ending.NONE ? 1 : 0;
    }

    /// Why a process is gone.
    Ending endingOf(WorkerProcess worker) {
        lock.lock();
        try {
            countCrash(worker);
            return worker.ending;
        } finally {
            lock.unlock();
        }
    }

    /// The time for the command begins when the process is known to run.
    void greeted(WorkerProcess worker) {
        lock.lock();
        try {
            worker.greeted = true;
            worker.owesReady = false;
            worker.deadline = System.nanoTime() + options.deadline().toNanos();
        } finally {
            lock.unlock();
        }
    }

    /// Has what a process has open closed, without waiting for that.
    void close(Command.Source source) {
        lock.lock();
        try {
            for (WorkerProcess worker : List.copyOf(workers)) {
                if (worker.open.contains(source)) {
                    worker.toClose.add(source);
                    settle(worker);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    void end(WorkerProcess worker, Ending why) {
        lock.lock();
        try {
            if (worker.ending == Ending.NONE) {
                switch (why) {
                    case TIME -> killedForTime++;
                    case NONSENSE -> killedForNonsense++;
                    case ABANDONED -> abandonedCommands++;
                    case NOT_NEEDED, NONE -> {}
                }
            }
            worker.kill(why);
        } finally {
            lock.unlock();
        }
    }

    private void remove(WorkerProcess worker, Ending why) {
        end(worker, why);
        workers.remove(worker);
        changed.signalAll();
    }

    /// Ends what takes too long and what nobody needs, for as long as there are processes.
    private void watch() {
        while (checkAll()) {
            try {
                Thread.sleep(WATCH_MILLIS);
            } catch (InterruptedException e) {
                return; // nobody interrupts it
            }
        }
    }

    /// @return whether there are processes
    private boolean checkAll() {
        lock.lock();
        try {
            List.copyOf(workers).forEach(this::check);
            watched = !workers.isEmpty();
            return watched;
        } catch (OutOfMemoryError e) {
            return true; // of memory or of threads: deadlines are kept all the same
        } finally {
            lock.unlock();
        }
    }

    private void check(WorkerProcess worker) {
        settle(worker);
        long now = System.nanoTime();
        switch (worker.state) {
            case BUSY -> {
                if (worker.abandonedSince == Long.MAX_VALUE && isAbandoned(worker)) {
                    worker.abandonedSince = now;
                }
                if (now - worker.deadline > 0) {
                    end(worker, Ending.TIME);
                } else if (worker.abandonedSince != Long.MAX_VALUE
                        && now - worker.abandonedSince > GRACE_NANOS) {
                    end(worker, Ending.ABANDONED);
                }
            }
            case SETTLING, CLOSING -> {
                if (now - worker.deadline > 0) {
                    remove(worker, Ending.TIME);
                }
            }
            case READY -> {
                if (now - worker.idleSince > options.idleTime().toNanos()) {
                    remove(worker, Ending.NOT_NEEDED);
                }
            }
        }
    }

    private static boolean isAbandoned(WorkerProcess worker) {
        try {
            return worker.abandoned.getAsBoolean();
        } catch (RuntimeException e) {
            return true; // deadlines are kept whatever a caller's code does
        }
    }

    private static CancellationException nobodyWaits() {
        return new CancellationException("nobody waits for the media any more");
    }

    WorkerStatistics statistics() {
        lock.lock();
        try {
            int busy = (int) workers.stream().filter(worker -> worker.state == State.BUSY).count();
            return new WorkerStatistics(
                    workers.size(),
                    busy,
                    started,
                    crashed,
                    killedForTime,
                    killedForNonsense,
                    abandonedCommands,
                    commands,
                    commandNanos / 1e9);
        } finally {
            lock.unlock();
        }
    }

    List<Long> processIds() {
        lock.lock();
        try {
            return workers.stream().map(WorkerProcess::processId).toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            for (WorkerProcess worker : List.copyOf(workers)) {
                remove(worker, Ending.NOT_NEEDED);
            }
        } finally {
            lock.unlock();
        }
    }
}
