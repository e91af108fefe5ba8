package io.moonglass.server.command;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.vision.VisionBackend;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// The option of every command that looks at pictures.
final class VisionOptions {

    @Option(
            names = "--vision",
            paramLabel = "KIND",
            description = "What encodes pictures: native or onnx (default: native).",
            converter = BackendConverter.class)
    private Optional<VisionBackend> vision = Optional.empty();

    /// These options with what was asked for here.
    ChatModelOptions in(ChatModelOptions options) {
        return vision.map(kind -> options.withMedia(options.media().withBackend(kind)))
                .orElse(options);
    }

    static final class BackendConverter implements ITypeConverter<VisionBackend> {

        @Override
        public VisionBackend convert(String spelling) {
            return Arrays.stream(VisionBackend.values())
                    .filter(backend -> spelling(backend).equals(spelling))
                    .findFirst()
                    .orElseThrow(() ->
                            new TypeConversionException(
                                    "want %s"
                                            .formatted(
                                                    Arrays.stream(VisionBackend.values())
                                                            .map(BackendConverter::spelling)
                                                            .collect(Collectors.joining(" or ")))));
        }

        private static String spelling(VisionBackend backend) {
            return backend.name().toLowerCase(Locale.ROOT);
        }
    }
}
