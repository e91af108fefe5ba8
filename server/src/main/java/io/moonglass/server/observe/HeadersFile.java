package io.moonglass.server.observe;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.storage.FileStamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Headers that are kept in a file because they are secret. A file that changes is read anew; one that cannot be read
/// then changes nothing. Safe to use from any thread.
final class HeadersFile implements Supplier<Map<String, String>> {

    private static final System.Logger LOG = System.getLogger(HeadersFile.class.getName());
    private static final int MAX_BYTES = 64 << 10;

    /// Source: RFC 9110, section 5.
    private static final Pattern LINE =
            Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*([\\x21-\\x7e \\t]*)");

    private final Path file;
    private FileStamp stamp;
    private Map<String, String> headers;

    /// @throws ConfigException if it cannot be read, or a line is no header; of a line only the number is told
    HeadersFile(Path file) {
        this.file = file;
        try {
            readAgain();
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read as a file of headers (%s)"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
    }

    @Override
    public synchronized Map<String, String> get() {
        try {
            if (!FileStamp.of(file).equals(stamp)) {
                readAgain();
            }
        } catch (IOException | ConfigException e) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    "a file of headers has become unreadable; what it held before is sent on",
                    e);
        }
        return headers;
    }

    private void readAgain() throws IOException {
        FileStamp now = FileStamp.of(file); // before: what is written after is seen later
        if (Files.size(file) > MAX_BYTES) {
            throw new ConfigException(
                    "%s: is larger than %,d bytes; want a few lines Name: value"
                            .formatted(file, MAX_BYTES));
        }
        Map<String, String> read = new LinkedHashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
            number++;
            if (!line.isBlank() && !line.startsWith("#")) {
                Matcher header = LINE.matcher(line.stripTrailing());
                if (!header.matches()) {
                    throw new ConfigException(
                            "%s line %d: no header; want Name: value".formatted(file, number));
                }
                read.put(header.group(1), header.group(2));
            }
        }
        headers = Map.copyOf(read);
        stamp = now;
    }
}
