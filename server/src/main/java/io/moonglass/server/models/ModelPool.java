package io.moonglass.server.models;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.FlushedCaches;
import io.moonglass.runtime.ModelCache;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.server.models.ModelUnavailableException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/// The models of one server. One is loaded when a request wants it, if there is memory for it beside those that are in
/// use; those that are not make room, the one that was not used for longest first. Safe to use from any thread.
public final class ModelPool implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ModelPool.class.getName());

    /// How long a request that was given up may go on waiting.
    private static final Duration WAITING_STEP = Duration.ofMillis(50);

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final PoolOptions options;
    private final InstantSource clock;
    private boolean closed;

    /// Models that were taken out and still have their memory.
    private int numClosing;

    /// A model and how it stands. Guarded by the pool.
    private static final class Entry {
        private final ModelSource source;
        private ChatModel model;
        private CompletableFuture<Void> loading;
        private int numLeases;
        private Instant used;
        private Instant since;
        private OptionalInt contextLength = OptionalInt.empty();

        Entry(ModelSource source, Instant now) {
            this.source = source;
            this.used = now;
            this.since = now;
        }

        ModelState state() {
            if (model != null) {
                return ModelState.LOADED;
            }
            return loading != null ? ModelState.LOADING : ModelState.UNLOADED;
        }

        boolean isIdle() {
            return model != null && numLeases == 0;
        }

        ChatModel take() {
            ChatModel taken = model;
            model = null;
            return taken;
        }
    }

    /// @param sources the first is the one that requests get that name none
    /// @param clock   by which requests wait and models sleep
    /// @throws ConfigException if there is none, or two have one name
    public ModelPool(List<ModelSource> sources, PoolOptions options, InstantSource clock) {
        this.options = options;
        this.clock = clock;
        for (ModelSource source : sources) {
            if (entries.put(source.name(), new Entry(source, clock.instant())) != null) {
                throw new ConfigException(
                        "two models are called %s; want --model NAME=DIR with names that tell them apart"
                                .formatted(source.name()));
            }
        }
        if (entries.isEmpty()) {
            throw new ConfigException("a server without models; want at least one");
        }
    }

    /// A model that is loaded already and stays its caller's, who closes it.
    public static ModelPool of(ChatModel model) {
        ModelPool pool =
                new ModelPool(
                        List.of(
                                new ModelSource(
                                        model.name(),
                                        0,
                                        () -> {
                                            throw new IllegalStateException("is never unloaded");
                                        })),
                        PoolOptions.UNLIMITED,
                        new SteadyClock());
        Entry only = pool.entries.get(model.name());
        only.model = model;
        only.numLeases = 1; // for ever, so that nothing unloads it
        only.contextLength = OptionalInt.of(model.contextLength());
        return pool;
    }

    /// A model while a request uses it: it stays loaded until this is closed.
    public final class Lease implements AutoCloseable {

        private final Entry entry;
        private final ChatModel model;
        private boolean given;

        private Lease(Entry entry) {
            this.entry = entry;
            this.model = entry.model;
            entry.numLeases++;
        }

        public ChatModel model() {
            return model;
        }

        @Override
        public void close() {
            synchronized (ModelPool.this) {
                if (!given) {
                    given = true;
                    entry.numLeases--;
                    entry.used = clock.instant();
                }
            }
        }
    }

    /// A model for a request, loaded if it is not.
    ///
    /// @param name     empty for the first
    /// @param patience how long the request may wait for it to be loaded
    /// @throws UnknownModelException     if there is none of this name
    /// @throws ModelUnavailableException if it cannot be had now
    public Lease lease(Optional<String> name, Duration patience) {
        return lease(name, patience, () -> false);
    }

    /// The same for a request that may be given up meanwhile.
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    /// @throws CancellationException if nobody does
    public Lease lease(Optional<String> name, Duration patience, BooleanSupplier abandoned) {
        Instant deadline = clock.instant().plus(patience);
        while (true) {
            CompletableFuture<Void> loading;
            Entry entry;
            synchronized (this) {
                entry = find(name);
                if (entry.model != null) {
                    return new Lease(entry);
                }
                loading = loading(entry);
            }
            await(loading, entry, Duration.between(clock.instant(), deadline), abandoned);
        }
    }

    /// A model that is loaded; empty if it is not, and it stays so.
    ///
    /// @throws UnknownModelException     if there is none of this name
    /// @throws ModelUnavailableException when the server stops
    public synchronized Optional<Lease> leaseIfLoaded(Optional<String> name) {
        Entry entry = find(name);
        return entry.model == null ? Optional.empty() : Optional.of(new Lease(entry));
    }

    /// Loads a model if it is not, and waits for it.
    public void load(String name, Duration patience) {
        lease(Optional.of(name), patience).close();
    }

    /// Unloads a model that no request uses.
    ///
    /// @return whether it is unloaded now
    public boolean unload(String name) {
        ChatModel unloaded;
        synchronized (this) {
            Entry entry = find(Optional.of(name));
            if (entry.model != null && !entry.isIdle() || entry.loading != null) {
                return false;
            }
            unloaded = take(entry);
        }
        close(unloaded, name, "as was asked");
        return true;
    }

    /// Unloads what no request has used for as long as the options say.
    public void unloadIdle() {
        options.idle().ifPresent(this::unloadIdle);
    }

    private void unloadIdle(Duration idle) {
        List<Entry> sleepy = new ArrayList<>();
        List<ChatModel> unloaded = new ArrayList<>();
        synchronized (this) {
            Instant before = clock.instant().minus(idle);
            entries.values().stream()
                    .filter(entry -> entry.isIdle() && entry.used.isBefore(before))
                    .forEach(sleepy::add);
            sleepy.forEach(entry -> unloaded.add(take(entry)));
        }
        for (int i = 0; i < sleepy.size(); i++) {
            close(unloaded.get(i), sleepy.get(i).source.name(), "nobody used it");
        }
    }

    /// All models, in the order they were given.
    public synchronized List<ModelStatus> status() {
        return entries.values().stream()
                .map(entry ->
                        new ModelStatus(
                                entry.source.name(),
                                entry.state(),
                                entry.since.getEpochSecond(),
                                entry.contextLength))
                .toList();
    }

    /// @throws UnknownModelException if there is none of this name
    public ModelStatus status(String name) {
        return status().stream()
                .filter(status -> status.name().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    /// Statistics of the models that are loaded, by name.
    public Map<String, ModelStatistics> statistics() {
        Map<String, ModelStatistics> statistics = new LinkedHashMap<>();
        loaded().forEach((name, model) -> statistics.put(name, model.statistics()));
        return statistics;
    }

    /// Without a lease, so that who looks at one keeps nobody from unloading it; what is asked of it must do no harm to one
    /// that is closed.
    private synchronized Map<String, ChatModel> loaded() {
        Map<String, ChatModel> loaded = new LinkedHashMap<>();
        entries.forEach((name, entry) -> {
            if (entry.model != null) {
                loaded.put(name, entry.model);
            }
        });
        return loaded;
    }

    /// Has loaded models give memory of their caches back if the machine is short of it; to be called now and then.
    public void giveBackMemory() {
        loaded().values().forEach(ChatModel::giveBackMemory);
    }

    /// Drops what loaded models keep for requests that come again.
    ///
    /// @return what was dropped, by name
    public Map<String, FlushedCaches> flush(Set<ModelCache> caches) {
        Map<String, FlushedCaches> flushed = new LinkedHashMap<>();
        loaded().forEach((name, model) -> flushed.put(name, model.flush(caches)));
        return flushed;
    }

    /// Closes every model but those that are somebody else's. No request may use one any more.
    @Override
    public void close() {
        List<CompletableFuture<Void>> loading;
        synchronized (this) {
            closed = true;
            loading =
                    entries.values().stream()
                            .filter(entry -> entry.loading != null)
                            .map(entry -> entry.loading)
                            .toList();
        }
        loading.forEach(end -> end.handle((_, _) -> null).join());
        Map<String, ChatModel> left = new LinkedHashMap<>();
        synchronized (this) {
            entries.forEach((name, entry) -> {
                if (entry.isIdle()) {
                    left.put(name, take(entry));
                }
            });
        }
        left.forEach((name, model) -> close(model, name, "the server stops"));
    }

    private Entry find(Optional<String> name) {
        if (closed) {
            throw new ModelUnavailableException(Reason.CLOSED, "the server stops");
        }
        if (name.isEmpty()) {
            return entries.values().iterator().next();
        }
        Entry entry = entries.get(name.get());
        if (entry == null) {
            throw unknown(name.get());
        }
        return entry;
    }

    private UnknownModelException unknown(String name) {
        return new UnknownModelException(name, List.copyOf(entries.keySet()));
    }

    /// Loading that goes on, or begins now.
    private CompletableFuture<Void> loading(Entry entry) {
        if (entry.loading == null) {
            Map<String, ChatModel> toClose = makeRoomFor(entry);
            CompletableFuture<Void> loading = new CompletableFuture<>();
            entry.loading = loading;
            Thread.ofPlatform()
                    .daemon()
                    .name("moonglass-load-" + entry.source.name())
                    .start(() -> load(entry, toClose, loading));
        }
        return entry.loading;
    }

    /// Takes models that nobody uses out until there is room.
    private Map<String, ChatModel> makeRoomFor(Entry wanted) {
        long excess = wanted.source.bytes() - options.maxBytes();
        for (Entry entry : entries.values()) {
            excess += entry.state() == ModelState.UNLOADED ? 0 : entry.source.bytes();
        }
        List<Entry> idle =
                entries.values().stream()
                        .filter(Entry::isIdle)
                        .sorted(Comparator.comparing(entry -> entry.used))
                        .toList();
        List<Entry> chosen = new ArrayList<>();
        for (Entry entry : idle) {
            if (excess > 0) {
                chosen.add(entry);
                excess -= entry.source.bytes();
            }
        }
        boolean isAlone =
                entries.values().stream()
                        .allMatch(entry ->
                                entry == wanted
                                        || entry.state() == ModelState.UNLOADED
                                        || chosen.contains(entry));
        if (excess > 0 && !isAlone) { // alone a model may be as large as it is
            throw new ModelUnavailableException(
                    Reason.NO_MEMORY,
                    "there is no memory for model %s beside those that are in use; ask again later"
                            .formatted(wanted.source.name()));
        }
        Map<String, ChatModel> taken = new LinkedHashMap<>();
        chosen.forEach(entry -> taken.put(entry.source.name(), take(entry)));
        return taken;
    }

    private void load(
            Entry entry, Map<String, ChatModel> toClose, CompletableFuture<Void> loading) {
        try {
            toClose.forEach((name, model) -> close(model, name, "room for " + entry.source.name()));
            awaitMemory();
            open(entry);
            loading.complete(null);
        } catch (RuntimeException | Error e) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "model " + entry.source.name() + " cannot be loaded",
                    e);
            synchronized (this) {
                entry.loading = null;
            }
            loading.completeExceptionally(e);
        }
    }

    /// Loads the first model on the calling thread, before anybody can ask for one.
    ///
    /// @throws RuntimeException if it cannot be loaded, as its source says it
    public void openFirst() {
        open(entries.values().iterator().next());
    }

    private void open(Entry entry) {
        ChatModel model = entry.source.open().get();
        synchronized (this) {
            entry.model = model;
            entry.loading = null;
            entry.used = clock.instant();
            entry.since = entry.used;
            entry.contextLength = OptionalInt.of(model.contextLength());
        }
    }

    private static void await(
            CompletableFuture<Void> loading,
            Entry entry,
            Duration patience,
            BooleanSupplier abandoned) {
        String name = entry.source.name();
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (!isOver(loading, end)) {
                if (abandoned.getAsBoolean()) {
                    throw new CancellationException("nobody waits for model " + name);
                }
                if (System.nanoTime() - end >= 0) {
                    throw new ModelUnavailableException(
                            Reason.LOADING,
                            "model %s is still loading; ask again soon".formatted(name));
                }
            }
        } catch (ExecutionException e) {
            throw new ModelUnavailableException(
                    Reason.LOADING_FAILED,
                    "model %s cannot be loaded now; the server's log says why".formatted(name));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ModelUnavailableException(Reason.CLOSED, "the server stops");
        }
    }

    /// Waits a moment, at most until the end.
    private static boolean isOver(CompletableFuture<Void> loading, long end)
            throws InterruptedException, ExecutionException {
        long nanos = Math.min(WAITING_STEP.toNanos(), end - System.nanoTime());
        try {
            loading.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    /// A model that nobody gets any more; [#close(ChatModel, String, String)] must follow.
    private ChatModel take(Entry entry) {
        ChatModel taken = entry.take();
        if (taken != null) {
            numClosing++;
        }
        return taken;
    }

    private void close(ChatModel model, String name, String why) {
        if (model == null) {
            return;
        }
        try {
            model.close();
            LOG.log(System.Logger.Level.INFO, "model {0} is unloaded: {1}", name, why);
        } catch (RuntimeException e) { // others must be closed all the same
            LOG.log(System.Logger.Level.ERROR, "model " + name + " cannot be closed", e);
        } finally {
            synchronized (this) {
                numClosing--;
                notifyAll();
            }
        }
    }

    /// Waits until what was taken out, by whomever, has given its memory back.
    private synchronized void awaitMemory() {
        try {
            while (numClosing > 0) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }
}
