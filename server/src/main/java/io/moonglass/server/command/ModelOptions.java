package io.moonglass.server.command;

import io.moonglass.loader.config.ModelName;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.VisionFile;
import io.moonglass.runtime.ChatModel;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelSource;
import io.moonglass.server.models.PoolOptions;
import io.moonglass.server.models.SteadyClock;
import io.moonglass.tensor.MachineMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/// The options of `serve` that say which models there are, and how much memory they may take.
final class ModelOptions implements SettingsSection {

    private static final long MAX_SECONDS = 1_000_000_000;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._/-]{1,128}");

    @Option(
            names = "--model",
            paramLabel = "[NAME=]DIR",
            description = {
                "A checkpoint, a folder in Hugging Face layout or the ORG/NAME[@REVISION] of one that was pulled, or the file of a decoder in GGUF (default: the demo model).",
                "More than once for several models. The first is loaded at the start and taken where a request names none; the others are loaded when they are asked for."
            })
    private List<String> models = List.of();

    @Option(
            names = "--mmproj",
            paramLabel = "[NAME=]FILE",
            description =
                    "The vision part of a decoder in GGUF, or 'none' to read text alone; of the first model, or of the one that is named (default: the one *mmproj*.gguf beside the decoder).")
    private List<String> visionFiles = List.of();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "The first model's name in requests (default: its folder's).")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--models-memory",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description =
                    "Have no more models loaded than fit, counted by the weights that they are computed from; those that nobody uses make room (default: the machine's memory).")
    private Optional<Long> memory = Optional.empty();

    @Option(
            names = "--idle-sleep",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Unload a model that nobody has used for this long; the next request loads it again (default: never).")
    private Optional<Double> idle = Optional.empty();

    @Override
    public String section() {
        return "models";
    }

    @Override
    public void check() {
        idle();
    }

    /// Opens a model and makes it ready.
    interface Opener {
        ChatModel open(ModelFiles files, String name);
    }

    private record Named(String name, Path path) {}

    /// @param bytes what a model takes of the memory
    /// @throws ConfigException if two have one name, or a time is none
    ModelPool pool(ToLongFunction<ModelFiles> bytes, Opener opener) {
        List<ModelSource> sources = new ArrayList<>();
        List<Named> models = named();
        Map<String, String> visionFiles = visionFiles(models);
        for (Named model : models) {
            ModelFiles files =
                    VisionFile.with(
                            model.path(), Optional.ofNullable(visionFiles.get(model.name())));
            sources.add(
                    new ModelSource(
                            model.name(),
                            bytes.applyAsLong(files),
                            () -> opener.open(files, model.name())));
        }
        return new ModelPool(
                sources,
                new PoolOptions(memory.orElseGet(MachineMemory::bytes), idle()),
                new SteadyClock());
    }

    private Optional<Duration> idle() {
        return idle.map(seconds -> Seconds.of("--idle-sleep", seconds, MAX_SECONDS));
    }

    private List<Named> named() {
        List<Named> all = new ArrayList<>();
        for (String model : models) {
            all.add(named(model));
        }
        if (all.isEmpty()) {
            all.add(named(DemoModel.directory().toString()));
        }
        name.ifPresent(first -> all.set(0, new Named(first, all.getFirst().path())));
        return all;
    }

    /// By the names of their models.
    private Map<String, String> visionFiles(List<Named> models) {
        Map<String, String> files = new HashMap<>();
        for (String file : visionFiles) {
            boolean hasName = hasName(file);
            int equals = file.indexOf('=');
            String model = hasName ? file.substring(0, equals) : models.getFirst().name();
            if (models.stream().noneMatch(named -> named.name().equals(model))) {
                throw new ConfigException(
                        "--mmproj %s: no model is named %s; want one of %s"
                                .formatted(
                                        file,
                                        model,
                                        models.stream()
                                                .map(Named::name)
                                                .collect(Collectors.joining(", "))));
            }
            if (files.put(model, hasName ? file.substring(equals + 1) : file) != null) {
                throw new ConfigException(
                        "--mmproj %s: the second one of model %s; want one, with NAME= for another model"
                                .formatted(file, model));
            }
        }
        return files;
    }

    private static Named named(String model) {
        boolean hasName = hasName(model);
        int equals = model.indexOf('=');
        Path path = ModelPath.of(hasName ? model.substring(equals + 1) : model);
        String name =
                ModelFiles.isGguf(path)
                        ? new ModelFiles.Gguf(path, Optional.empty()).name()
                        : ModelName.of(path);
        return new Named(hasName ? model.substring(0, equals) : name, path);
    }

    /// A folder or file may have `=` in its own name, too.
    private static boolean hasName(String value) {
        int equals = value.indexOf('=');
        return equals > 0
                && NAME.matcher(value.substring(0, equals)).matches()
                && !Files.exists(Path.of(value));
    }
}
