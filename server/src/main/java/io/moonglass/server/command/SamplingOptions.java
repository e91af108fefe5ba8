package io.moonglass.server.command;

import io.moonglass.clients.RequestBuilder;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options that say how an answer is generated.
final class SamplingOptions {

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens of the answer (default: what the context holds).")
    private Optional<Integer> maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 for the most likely answer, up to 2 (default: the model's).")
    private Optional<Double> temperature;

    <B extends RequestBuilder<B>> B in(B request) {
        maxTokens.ifPresent(request::maxTokens);
        temperature.ifPresent(request::temperature);
        return request;
    }
}
