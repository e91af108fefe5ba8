package io.moonglass.server.models;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ModelStatistics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/// One of the pool's models, loaded or not. Guarded by the pool.
final class ModelSlot {

    private final String name;
    private final Optional<ModelSource> source;
    private final List<CompletableFuture<ModelPool.Lease>> waiting = new ArrayList<>();
    private ModelState state = ModelState.UNLOADED;
    private ChatModel model;
    private OptionalInt contextLength;
    private long memoryBytes;
    private int numLeases;
    private Instant since;
    private Instant lastUsed;
    private long numLoads;
    private long numFailures;

    /// @param source empty for a model that was given as it is, and is not the pool's to unload
    ModelSlot(String name, Optional<ModelSource> source, Instant now) {
        this.name = name;
        this.source = source;
        this.contextLength =
                source.map(ModelSource::contextLength).orElseGet(OptionalInt::empty);
        this.since = now;
        this.lastUsed = now;
    }

    String name() {
        return name;
    }

    Optional<ModelSource> source() {
        return source;
    }

    ModelState state() {
        return state;
    }

    long memoryBytes() {
        return memoryBytes;
    }

    Instant lastUsed() {
        return lastUsed;
    }

    int numLeases() {
        return numLeases;
    }

    boolean isIdle() {
        return state == ModelState.LOADED && numLeases == 0 && source.isPresent();
    }

    boolean isAwaited() {
        return !waiting.isEmpty();
    }

    ChatModel model() {
        return model;
    }

    void await(CompletableFuture<ModelPool.Lease> lease) {
        waiting.add(lease);
    }

    /// Those who wait for it, who are forgotten.
    List<CompletableFuture<ModelPool.Lease>> takeWaiting() {
        List<CompletableFuture<ModelPool.Lease>> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    void use(Instant now) {
        numLeases++;
        lastUsed = now;
    }

    void giveBack(Instant now) {
        numLeases--;
        lastUsed = now;
    }

    void beginLoading() {
        state = ModelState.LOADING;
    }

    void loaded(ChatModel opened, long bytes, Instant now) {
        state = ModelState.LOADED;
        model = opened;
        memoryBytes = bytes;
        contextLength = OptionalInt.of(opened.contextLength());
        since = now;
        lastUsed = now;
        numLoads++;
    }

    void failed() {
        state = ModelState.UNLOADED;
        numFailures++;
    }

    void beginUnloading() {
        state = ModelState.UNLOADING;
    }

    void unloaded() {
        state = ModelState.UNLOADED;
        model = null;
        memoryBytes = 0;
    }

    ModelStatus status() {
        Optional<ModelStatistics> statistics =
                state == ModelState.LOADED ? Optional.of(model.statistics()) : Optional.empty();
        return new ModelStatus(
                name,
                state,
                since,
                contextLength,
                numLeases,
                memoryBytes,
                numLoads,
                numFailures,
                statistics);
    }
}
