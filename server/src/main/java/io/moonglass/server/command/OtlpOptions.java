package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.observe.TraceOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// Where `serve` sends traces.
final class OtlpOptions implements SettingsSection {

    @Option(
            names = "--otlp-endpoint",
            paramLabel = "URL",
            description = {
                "Send traces to this OpenTelemetry collector, by OTLP over HTTP (default: none are made).",
                "/v1/traces is added where it does not end in that."
            },
            converter = AddressConverter.class)
    private Optional<URI> endpoint = Optional.empty();

    @Option(
            names = "--otlp-headers-file",
            paramLabel = "FILE",
            description =
                    "Lines Name: value that are sent along, such as a collector's key (default: none).")
    private Optional<Path> headersFile = Optional.empty();

    @Option(
            names = "--otlp-sample-ratio",
            paramLabel = "RATIO",
            description =
                    "The share of requests that are traced, 0 to 1; a caller that traces decides itself"
                            + " (default: 1).")
    private Optional<Double> sampleRatio = Optional.empty();

    /// What is no address may be a secret, so it is not quoted.
    static final class AddressConverter implements ITypeConverter<URI> {

        @Override
        public URI convert(String text) {
            try {
                return URI.create(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("want an address, such as http://localhost:4318");
            }
        }
    }

    @Override
    public String section() {
        return "otlp";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if the endpoint or the ratio is none, or there is no endpoint for the rest
    ServerOptions in(ServerOptions options) {
        if (endpoint.isEmpty()) {
            if (headersFile.isPresent()) {
                throw new ConfigException(
                        "--otlp-headers-file is set without --otlp-endpoint; want both, or neither");
            }
            return options;
        }
        return options.withTraces(
                new TraceOptions(endpoint.get(), headersFile, sampleRatio.orElse(1.0)));
    }
}
