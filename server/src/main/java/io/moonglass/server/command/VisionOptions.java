package io.moonglass.server.command;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.vision.VisionBackend;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option of every command that looks at pictures.
final class VisionOptions implements SettingsSection {

    @Option(
            names = "--vision",
            paramLabel = "KIND",
            description = "What encodes pictures: native or onnx (default: native).",
            converter = BackendConverter.class)
    private Optional<VisionBackend> vision = Optional.empty();

    @Override
    public String section() {
        return "vision";
    }

    /// These options with what was asked for here.
    ChatModelOptions in(ChatModelOptions options) {
        return vision.map(kind -> options.withMedia(options.media().withBackend(kind)))
                .orElse(options);
    }

    static final class BackendConverter extends LowerCaseConverter<VisionBackend> {

        BackendConverter() {
            super(VisionBackend.values());
        }
    }
}
