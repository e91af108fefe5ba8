package io.moonglass.server.config;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// An application.yaml: where it is, and what it says.
final class SettingsFile {

    static final String VARIABLE = "MOONGLASS_CONFIG";

    private static final String NAME = "application.yaml";
    private static final Path OF_THE_MACHINE = Path.of("/etc/moonglass", NAME);
    private static final int MAX_BYTES = 1 << 20;
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private SettingsFile() {}

    /// The file that is read: the one that was asked for, else the variable's, else the user's, else the
    /// machine's.
    ///
    /// @param home the user's
    /// @return none where nobody names one and neither of the last two is there
    static Optional<Path> find(Optional<Path> asked, Map<String, String> environment, Path home) {
        if (asked.isPresent()) {
            return asked;
        }
        String named = environment.getOrDefault(VARIABLE, "");
        if (!named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        Path configured = Path.of(environment.getOrDefault("XDG_CONFIG_HOME", ""));
        Path ofTheUser = configured.isAbsolute() ? configured : home.resolve(".config");
        return List.of(ofTheUser.resolve("moonglass").resolve(NAME), OF_THE_MACHINE).stream()
                .filter(Files::exists)
                .findFirst();
    }

    /// What it sets, in its order.
    ///
    /// @throws ConfigException if it cannot be read, or says what no setting can be
    static List<SettingValue> read(Path file, SettingsCatalogue catalogue) {
        return new SettingsFileReader(file, text(file), catalogue).read();
    }

    private static String text(Path file) {
        if (Files.isDirectory(file)) {
            throw new ConfigException("%s is a folder; want a file".formatted(file));
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: the settings cannot be read; want a YAML file that is there and may be read"
                            .formatted(file),
                    e);
        }
        if (bytes.length > MAX_BYTES) {
            throw new ConfigException(
                    "%s is more than %d bytes long; want a file of settings"
                            .formatted(file, MAX_BYTES));
        }
        try {
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            boolean isMarked = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK;
            return isMarked ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigException("%s is no text in UTF-8".formatted(file), e);
        }
    }
}
