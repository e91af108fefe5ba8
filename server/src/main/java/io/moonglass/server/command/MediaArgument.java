package io.moonglass.server.command;

import io.moonglass.clients.MediaSource;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// A picture, video or document as it is named on a command line: a path, an address, or `-` for standard input.
final class MediaArgument {

    static final String STANDARD_INPUT = "-";

    private static final int MAX_BYTES = 512 << 20;
    private static final Pattern ADDRESS = Pattern.compile("(?i)(https?|file)://.*|data:.*");

    private MediaArgument() {}

    /// @param option what messages call it, such as `--image`
    /// @throws ConfigException if it cannot be read
    static MediaSource source(String option, String text) {
        return source(option, text, System.in);
    }

    /// @param in read to its end for `-`
    static MediaSource source(String option, String text, InputStream in) {
        if (text.equals(STANDARD_INPUT)) {
            return MediaSource.of(read(option, in));
        }
        if (ADDRESS.matcher(text).matches()) {
            return address(option, text);
        }
        return file(option, text);
    }

    private static byte[] read(String option, InputStream in) {
        try {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length == 0) {
                throw new ConfigException(
                        "%s -: nothing came on standard input; want a whole file"
                                .formatted(option));
            }
            if (bytes.length > MAX_BYTES) {
                throw new ConfigException(
                        "%s -: more than %,d bytes came on standard input; send a smaller file"
                                .formatted(option, MAX_BYTES));
            }
            return bytes;
        } catch (IOException e) {
            throw new ConfigException("%s -: cannot be read".formatted(option), e);
        }
    }

    private static MediaSource address(String option, String text) {
        try {
            return MediaSource.of(URI.create(text));
        } catch (IllegalArgumentException e) {
            String shown = text.length() > 100 ? text.substring(0, 100) + "…" : text;
            throw new ConfigException("%s %s: is no address".formatted(option, shown), e);
        }
    }

    private static MediaSource file(String option, String text) {
        try {
            Path file = Path.of(text);
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
                return MediaSource.of(file);
            }
        } catch (InvalidPathException e) {
            throw notReadable(option, text, e);
        }
        throw notReadable(option, text, null);
    }

    private static ConfigException notReadable(String option, String text, Exception cause) {
        return new ConfigException(
                "%s %s: cannot be read; want a file, an address, or - for standard input"
                        .formatted(option, text),
                cause);
    }
}
