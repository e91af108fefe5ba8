package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.CacheDirectory;
import io.moonglass.loader.pack.ChosenWeights;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.WeightChoice;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// What a model that answers is computed from: the door through which commands open one.
final class WeightOptions implements SettingsSection {

    @Option(
            names = "--weights",
            paramLabel = "FORMAT",
            description = {
                "Compute from ${COMPLETION-CANDIDATES}. All but the last are packed into the cache"
                        + " first, and later starts find them there.",
                "Default: stored, up to 1 GiB of weights. Above it q8, or q4 where q8 would take"
                        + " more than half of the memory. A packed model is taken as it is. A quantised"
                        + " one in GGUF is packed so that it keeps its numbers (keep)."
            },
            converter = WeightChoiceConverter.class,
            completionCandidates = WeightChoiceConverter.class)
    private Optional<WeightChoice> weights = Optional.empty();

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description =
                    "Where packed models are kept (default: MOONGLASS_CACHE, else"
                            + " XDG_CACHE_HOME/moonglass, else ~/.cache/moonglass).")
    private Optional<Path> cache = Optional.empty();

    @Override
    public String section() {
        return "weights";
    }

    /// Opens a model, packed before if that is wanted.
    ///
    /// @param options without a name for the model's own
    /// @throws ConfigException if a file cannot be used, or the disk has no room
    ChatModel open(
            ModelOpener models, ModelFiles model, ChatModelOptions options, PrintWriter err) {
        ChosenWeights.Source source;
        try (PackingProgress progress = new PackingProgress(err)) {
            source = chosen().of(model, options.numThreads(), progress);
        }
        return models.open(
                source.folder(),
                options.name().isPresent() ? options : options.withName(source.name()));
    }

    /// What a model's weights take of the memory.
    long bytes(ModelFiles model) {
        return chosen().bytes(model);
    }

    private ChosenWeights chosen() {
        return new ChosenWeights(
                weights.orElseGet(WeightChoice.Suitable::new),
                cache.orElseGet(CacheDirectory::ofUser));
    }
}
