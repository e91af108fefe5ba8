package io.moonglass.runtime;

import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.runtime.media.MediaOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// How a [LocalChatModel] is set up.
///
/// @param name          what requests call it; empty for the folder's name
/// @param reasons       whether the model was taught to think before it answers; empty to go by its name
/// @param numThreads    threads that compute
/// @param kv            where keys and values of tokens are kept
/// @param engine        what to change of the engine's defaults
/// @param media         what pictures may cost
/// @param queueLimits   how much may wait before a request is refused
/// @param workDirectory where files are written that a model needs to run; created if missing
public record ChatModelOptions(
        Optional<String> name,
        Optional<Boolean> reasons,
        int numThreads,
        KvOptions kv,
        UnaryOperator<EngineOptions> engine,
        MediaOptions media,
        QueueLimits queueLimits,
        Path workDirectory) {

    public static final ChatModelOptions DEFAULT =
            new ChatModelOptions(
                    Optional.empty(),
                    Optional.empty(),
                    Runtime.getRuntime().availableProcessors(),
                    KvOptions.DEFAULT,
                    UnaryOperator.identity(),
                    MediaOptions.DEFAULT,
                    QueueLimits.DEFAULT,
                    Path.of(System.getProperty("java.io.tmpdir")));

    public ChatModelOptions {
        if (numThreads < 1) {
            throw new ConfigException("threads %d; want at least 1".formatted(numThreads));
        }
    }

    public ChatModelOptions withName(String value) {
        return with(changed -> changed.name = Optional.of(value));
    }

    public ChatModelOptions withReasons(boolean value) {
        return with(changed -> changed.reasons = Optional.of(value));
    }

    public ChatModelOptions withNumThreads(int value) {
        return with(changed -> changed.numThreads = value);
    }

    public ChatModelOptions withKv(KvOptions value) {
        return with(changed -> changed.kv = value);
    }

    /// Changes the engine's limits further.
    public ChatModelOptions withEngine(UnaryOperator<EngineOptions> change) {
        return with(changed -> changed.engine = limits -> change.apply(engine.apply(limits)));
    }

    public ChatModelOptions withMedia(MediaOptions value) {
        return with(changed -> changed.media = value);
    }

    public ChatModelOptions withQueueLimits(QueueLimits value) {
        return with(changed -> changed.queueLimits = value);
    }

    public ChatModelOptions withWorkDirectory(Path value) {
        return with(changed -> changed.workDirectory = value);
    }

    private ChatModelOptions with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return changed.options();
    }

    /// These options while one of them is changed.
    private final class Changed {
        private Optional<String> name = ChatModelOptions.this.name;
        private Optional<Boolean> reasons = ChatModelOptions.this.reasons;
        private int numThreads = ChatModelOptions.this.numThreads;
        private KvOptions kv = ChatModelOptions.this.kv;
        private UnaryOperator<EngineOptions> engine = ChatModelOptions.this.engine;
        private MediaOptions media = ChatModelOptions.this.media;
        private QueueLimits queueLimits = ChatModelOptions.this.queueLimits;
        private Path workDirectory = ChatModelOptions.this.workDirectory;

        ChatModelOptions options() {
            return new ChatModelOptions(
                    name, reasons, numThreads, kv, engine, media, queueLimits, workDirectory);
        }
    }
}
