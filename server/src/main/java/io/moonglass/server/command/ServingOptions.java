package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.server.http.ServerOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that say how many requests are taken and how long ones, and how their answers begin.
final class ServingOptions implements SettingsSection {

    private static final long MAX_SECONDS = 1_000_000_000;

    @Option(
            names = "--max-queued-tokens",
            paramLabel = "N",
            description =
                    "Refuse requests while more prompt tokens than this wait to be computed (default: 4"
                            + " times the context).")
    private Optional<Long> maxQueuedTokens = Optional.empty();

    @Option(
            names = "--max-queued-pixels",
            paramLabel = "N",
            description =
                    "Refuse requests while pictures of more pixels than this wait to be encoded"
                            + " (default: 33554432).")
    private Optional<Long> maxQueuedPixels = Optional.empty();

    @Option(
            names = "--request-timeout",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Give an answer up after this time; a request may ask for a shorter one (default:"
                            + " none).")
    private Optional<Double> requestTimeout = Optional.empty();

    @Option(
            names = "--stuck-after",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Tell that the server is not ready when there is work and no step has ended for"
                            + " this long (default: 120).")
    private Optional<Double> stuckAfter = Optional.empty();

    @Option(
            names = "--reasoning",
            negatable = true,
            description =
                    "The model was taught to think before it answers, or was not; formats and budgets of"
                            + " thinking go by that (default: whether its name has \"thinking\" in it).")
    private Optional<Boolean> reasoning = Optional.empty();

    @Override
    public String section() {
        return "server";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
        in(ChatModelOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if a time is none
    ServerOptions in(ServerOptions options) {
        ServerOptions timed =
                requestTimeout
                        .map(seconds -> Seconds.of("--request-timeout", seconds, MAX_SECONDS))
                        .map(options::withRequestTimeout)
                        .orElse(options);
        return stuckAfter
                .map(seconds -> Seconds.of("--stuck-after", seconds, MAX_SECONDS))
                .map(timed::withStuckAfter)
                .orElse(timed);
    }

    /// The same for a model's.
    ///
    /// @throws ConfigException if a limit is not above 0
    ChatModelOptions in(ChatModelOptions options) {
        QueueLimits limits = options.queueLimits();
        limits = maxQueuedTokens.map(limits::withMaxTokens).orElse(limits);
        limits = maxQueuedPixels.map(limits::withMaxPixels).orElse(limits);
        ChatModelOptions limited = options.withQueueLimits(limits);
        return reasoning.map(limited::withReasons).orElse(limited);
    }
}
