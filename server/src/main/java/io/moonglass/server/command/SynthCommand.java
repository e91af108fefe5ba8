package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.PackedModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass synth`: a model of random weights.
@Command(
        name = "synth",
        description = {
            "Write a packed model of random weights, to measure speed and memory of any size.",
            "Its answers mean nothing."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  moonglass synth --config config.json --weights q4 --out random"})
final class SynthCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "A config.json; a preprocessor_config.json beside it is taken along.")
    private Path config;

    @Mixin private PackTarget target;

    @Override
    public Integer call() {
        if (!Files.isRegularFile(config)) {
            throw new ConfigException(
                    "--config %s: no such file; want a config.json".formatted(config));
        }
        try (PackingProgress progress = new PackingProgress(spec.commandLine().getErr())) {
            PackedModels.synthesize(
                    config, target.weights(), target.directory(), target.numThreads(), progress);
        }
        target.tell(spec.commandLine().getOut());
        return 0;
    }
}
