package io.moonglass.server.models;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModel;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// The models of a server. One that is asked for is loaded if it is not, and others that nobody uses make room for it,
/// the one that was left longest ago first. Models are loaded and unloaded on one thread, one after another. Safe to use
/// from any thread.
public final class ModelPool implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(ModelPool.class.getName());
    private static final long SECONDS_TO_END = 10;

    private final ModelPoolOptions options;
    private final InstantSource clock;
    private final Map<String, ModelSlot> slots = new LinkedHashMap<>();
    private final ExecutorService loader =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("moonglass-models").factory());
    private boolean ready;
    private boolean stopping;

    /// A model that stays loaded until this is closed.
    public final class Lease implements AutoCloseable {

        private final ModelSlot slot;
        private final ChatModel model;
        private boolean closed;

        private Lease(ModelSlot slot) {
            this.slot = slot;
            this.model = slot.model();
        }

        public ChatModel model() {
            return model;
        }

        @Override
        public void close() {
            synchronized (ModelPool.this) {
                if (!closed) {
                    closed = true;
                    slot.giveBack(clock.instant());
                }
            }
        }
    }

    private ModelPool(ModelPoolOptions options, InstantSource clock) {
        this.options = options;
        this.clock = clock;
    }

    /// Models to load; none of them is, and none can be had, before [#loadFirst()].
    ///
    /// @param sources of different names; the first is the one that is meant where none is named
    public static ModelPool of(
            List<? extends ModelSource> sources, ModelPoolOptions options, InstantSource clock) {
        ModelPool pool = new ModelPool(options, clock);
        for (ModelSource source : sources) {
            pool.slots.put(
                    source.name(),
                    new ModelSlot(source.name(), Optional.of(source), clock.instant()));
        }
        return pool;
    }

    /// A pool without models yet, for those that are [given][#give].
    public static ModelPool empty() {
        return new ModelPool(ModelPoolOptions.UNLIMITED, InstantSource.system());
    }

    /// Takes in a model that is loaded already. It stays the caller's, who closes it.
    public synchronized void give(ChatModel model) {
        Instant now = clock.instant();
        ModelSlot slot = new ModelSlot(model.name(), Optional.empty(), now);
        slot.loaded(model, 0, now);
        slots.put(model.name(), slot);
        ready = true;
    }

    /// Loads the first model; from then on all can be had.
    ///
    /// @throws ConfigException  if the memory for models is too small for it
    /// @throws RuntimeException of its source
    public void loadFirst() {
        CompletableFuture<Lease> lease = new CompletableFuture<>();
        synchronized (this) {
            ModelSlot first = slots.firstEntry().getValue();
            first.await(lease);
            first.beginLoading();
            loader.execute(() -> load(first, true));
        }
        try {
            lease.join().close();
        } catch (CompletionException e) {
            throw switch (e.getCause()) {
                case ModelUnavailableException fault ->
                        new ConfigException(fault.getMessage() + "; allow more, or a smaller cache");
                case RuntimeException fault -> fault;
                default -> e;
            };
        }
        synchronized (this) {
            ready = true;
        }
    }

    /// Names of all models, the first one first.
    ///
    /// @throws ModelUnavailableException before there are any to be had, and when the server stops
    public synchronized List<String> names() {
        refuseUnlessReady();
        return List.copyOf(slots.keySet());
    }

    /// How all of them stand, in the order of their names' list.
    public synchronized List<ModelStatus> statuses() {
        return slots.values().stream().map(ModelSlot::status).toList();
    }

    /// Asks for a model, which is loaded if need be.
    ///
    /// @param name one of [#names()]
    /// @return fails with [ModelUnavailableException] where it cannot be had. Who waits no longer cancels it; a lease that
    ///     has come is to be closed
    /// @throws ModelUnavailableException as [#names()] does
    public synchronized CompletableFuture<Lease> lease(String name) {
        refuseUnlessReady();
        ModelSlot slot = slots.get(name);
        CompletableFuture<Lease> lease = new CompletableFuture<>();
        switch (slot.state()) {
            case LOADED -> hand(slot, lease);
            case LOADING, UNLOADING -> slot.await(lease);
            case UNLOADED -> {
                slot.await(lease);
                beginLoading(slot);
            }
        }
        return lease;
    }

    private void refuseUnlessReady() {
        if (stopping) {
            throw ModelUnavailableException.stopping();
        }
        if (!ready) {
            throw ModelUnavailableException.starting();
        }
    }

    private void hand(ModelSlot slot, CompletableFuture<Lease> waiting) {
        slot.use(clock.instant());
        Lease lease = new Lease(slot);
        if (!waiting.complete(lease)) { // nobody waits any more
            lease.close();
        }
    }

    private void beginLoading(ModelSlot slot) {
        slot.beginLoading();
        loader.execute(() -> load(slot, false));
    }

    private void load(ModelSlot slot, boolean isFirst) {
        try {
            ModelSource.Prepared prepared = slot.source().orElseThrow().prepare();
            long bytes = options.memoryBytes().isPresent() ? prepared.memoryBytes() : 0;
            makeRoom(slot, bytes);
            LOG.log(System.Logger.Level.INFO, "loading model {0}", slot.name());
            ChatModel model = prepared.open();
            synchronized (this) {
                if (!stopping) {
                    slot.loaded(model, bytes, clock.instant());
                    slot.takeWaiting().forEach(waiting -> hand(slot, waiting));
                    return;
                }
                slot.unloaded();
            }
            model.close();
        } catch (RuntimeException | Error e) {
            failed(slot, isFirst, e);
        }
    }

    /// @param isFirst whether the fault is the operator's to see, who waits for it
    private void failed(ModelSlot slot, boolean isFirst, Throwable fault) {
        RuntimeException told;
        if (isFirst && fault instanceof RuntimeException own) {
            told = own;
        } else if (fault instanceof ModelUnavailableException own) {
            LOG.log(System.Logger.Level.WARNING, fault.getMessage());
            told = own;
        } else {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "model " + slot.name() + " could not be loaded",
                    fault);
            told = ModelUnavailableException.loadFailed(slot.name());
        }
        List<CompletableFuture<Lease>> waiting;
        synchronized (this) {
            slot.failed();
            waiting = slot.takeWaiting();
        }
        waiting.forEach(lease -> lease.completeExceptionally(told));
    }

    /// Unloads models that nobody uses until this one fits. On the loader's thread.
    private void makeRoom(ModelSlot wanted, long bytes) {
        while (true) {
            ModelSlot idle;
            synchronized (this) {
                long used = slots.values().stream().mapToLong(ModelSlot::memoryBytes).sum();
                long limit = options.memoryBytes().orElse(Long.MAX_VALUE);
                if (used + bytes <= limit) {
                    return;
                }
                long unused =
                        slots.values().stream()
                                .filter(ModelSlot::isIdle)
                                .mapToLong(ModelSlot::memoryBytes)
                                .sum();
                if (used - unused + bytes > limit) {
                    throw noMemory(wanted, bytes, used - unused, limit);
                }
                idle =
                        slots.values().stream()
                                .filter(ModelSlot::isIdle)
                                .filter(slot -> slot.memoryBytes() > 0)
                                .min(Comparator.comparing(ModelSlot::lastUsed))
                                .orElseThrow();
                idle.beginUnloading();
            }
            unload(idle);
        }
    }

    private static ModelUnavailableException noMemory(
            ModelSlot wanted, long bytes, long inUse, long limit) {
        return new ModelUnavailableException(
                ModelUnavailableException.Reason.NO_MEMORY,
                "the model %s needs %,d MiB; models that are in use take %,d of the %,d MiB for all of them"
                        .formatted(wanted.name(), bytes >> 20, inUse >> 20, limit >> 20));
    }

    /// Closes a model that is marked for it. On the loader's thread.
    private void unload(ModelSlot slot) {
        LOG.log(System.Logger.Level.INFO, "unloading model {0}", slot.name());
        try {
            slot.model().close();
        } catch (RuntimeException | Error e) {
            LOG.log(
                    System.Logger.Level.ERROR, "model " + slot.name() + " did not close", e);
        }
        synchronized (this) {
            slot.unloaded();
            if (slot.isAwaited() && !stopping) {
                beginLoading(slot);
            }
        }
    }

    /// Unloads a model that nobody uses. One that is not loaded stays so.
    ///
    /// @param name one of [#names()]
    /// @return done when it is unloaded
    /// @throws ModelUnavailableException if it is in use or on its way, and as [#names()] does
    public synchronized CompletableFuture<Void> unload(String name) {
        refuseUnlessReady();
        ModelSlot slot = slots.get(name);
        boolean isGone =
                slot.state() == ModelState.UNLOADED || slot.state() == ModelState.UNLOADING;
        if (!isGone && !slot.isIdle()) {
            throw ModelUnavailableException.inUse(name);
        }
        if (slot.isIdle()) {
            beginUnloading(slot);
        }
        return CompletableFuture.runAsync(() -> {}, loader);
    }

    private void beginUnloading(ModelSlot slot) {
        slot.beginUnloading();
        loader.execute(() -> unload(slot));
    }

    /// Unloads models that nobody has used for as long as the options say; to be called now and then.
    public synchronized void sleepIdle() {
        if (stopping || options.idleSleep().isEmpty()) {
            return;
        }
        Instant oldest = clock.instant().minus(options.idleSleep().get());
        slots.values().stream()
                .filter(ModelSlot::isIdle)
                .filter(slot -> slot.lastUsed().isBefore(oldest))
                .forEach(this::beginUnloading);
    }

    /// From now on no model can be had; leases that are out stay good.
    public void stop() {
        List<CompletableFuture<Lease>> waiting;
        synchronized (this) {
            stopping = true;
            waiting =
                    slots.values().stream().flatMap(slot -> slot.takeWaiting().stream()).toList();
        }
        waiting.forEach(lease -> lease.completeExceptionally(ModelUnavailableException.stopping()));
    }

    /// Ends running generations and closes all models but those that were given. One that is being loaded is left to the
    /// end of the process.
    @Override
    public void close() {
        stop();
        if (loader.isShutdown()) {
            return;
        }
        loader.execute(this::unloadAll);
        loader.shutdown();
        boolean interrupted = Thread.interrupted(); // a way to ask a server to stop: models close all the same
        try {
            if (!loader.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
                LOG.log(System.Logger.Level.WARNING, "a model that is being loaded is not waited for");
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void unloadAll() {
        List<ModelSlot> loaded;
        synchronized (this) {
            loaded =
                    slots.values().stream()
                            .filter(slot -> slot.state() == ModelState.LOADED)
                            .filter(slot -> slot.source().isPresent())
                            .toList();
            loaded.forEach(ModelSlot::beginUnloading);
        }
        loaded.forEach(this::unload);
    }
}
