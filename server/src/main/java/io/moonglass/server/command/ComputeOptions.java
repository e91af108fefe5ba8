package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.tensor.Kernels;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of every command that computes.
final class ComputeOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(ComputeOptions.class.getName());

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute (default: one for each core).")
    private Optional<Integer> numThreads = Optional.empty();

    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            description = "scalar, vector or native (default: the fastest that this machine has).")
    private Optional<String> kernels = Optional.empty();

    @Override
    public String section() {
        return "compute";
    }

    @Override
    public void check() {
        threads();
    }

    /// How a model is set up with them.
    ///
    /// @throws ConfigException if there are no threads, or the kernels that were asked for are not to be
    ///     had
    ChatModelOptions chatModel() {
        chooseKernels();
        return threads()
                .map(ChatModelOptions.DEFAULT::withNumThreads)
                .orElse(ChatModelOptions.DEFAULT);
    }

    private Optional<Integer> threads() {
        if (numThreads.isPresent() && numThreads.get() < 1) {
            throw new ConfigException(
                    "--threads is %d; want 1 or more".formatted(numThreads.get()));
        }
        return numThreads;
    }

    /// The kernels look at the property once, when they are first used.
    private void chooseKernels() {
        kernels.ifPresent(kind -> System.setProperty(Kernels.PROPERTY, kind));
        String chosen;
        try {
            chosen = Kernels.implementation();
        } catch (ExceptionInInitializerError e) {
            throw new ConfigException(
                    "--kernels %s: %s".formatted(kernels.orElse(""), e.getCause().getMessage()), e);
        }
        if (kernels.isPresent() && !chosen.startsWith(kernels.get())) {
            throw new ConfigException(
                    "--kernels %s: this process computes with %s kernels already"
                            .formatted(kernels.get(), chosen));
        }
        LOG.log(System.Logger.Level.DEBUG, "kernels: {0}", chosen);
    }
}
