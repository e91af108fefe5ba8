package io.moonglass.server.http;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// The keys that open the server: a name for each, and the SHA-256 of the key, never the key itself.
/// Safe to use from any thread.
public final class ApiKeys {

    private static final String WANTED =
            "want a name (1 to 64 letters, digits, '.', '_' and '-'), a space and the key's SHA-256 in 64"
                    + " hexadecimal digits";

    /// @param line where it stands in its file, from 1
    private record Entry(int line, String name, byte[] hash) {}

    private final List<Entry> entries;

    private ApiKeys(List<Entry> entries) {
        this.entries = entries;
    }

    /// Reads a file of lines `name sha256-hex`; what follows a `#` at the start of a line is a comment.
    /// Nothing of a line that is refused is told but its number: it may hold a key.
    ///
    /// @throws ConfigException if it cannot be read, holds no key, or a line is not like that or the
    ///                         second of its name or key
    public static ApiKeys read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read as a file of API keys in UTF-8 (%s)"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                Entry entry = entry(file, i + 1, line);
                refuseSecond(file, entries, entry);
                entries.add(entry);
            }
        }
        if (entries.isEmpty()) {
            throw new ConfigException(
                    "%s: there is no key in it, so nobody could ask; %s".formatted(file, WANTED));
        }
        return new ApiKeys(List.copyOf(entries));
    }

    private static Entry entry(Path file, int number, String line) {
        String[] words = line.split("\\s+");
        if (words.length != 2
                || !words[0].matches("[A-Za-z0-9._-]{1,64}")
                || !words[1].matches("[0-9A-Fa-f]{64}")) {
            throw new ConfigException(
                    "%s line %d: no name and hash of a key; %s".formatted(file, number, WANTED));
        }
        return new Entry(number, words[0], HexFormat.of().parseHex(words[1]));
    }

    private static void refuseSecond(Path file, List<Entry> entries, Entry entry) {
        for (Entry other : entries) {
            boolean sameName = other.name().equals(entry.name());
            if (sameName || MessageDigest.isEqual(other.hash(), entry.hash())) {
                throw new ConfigException(
                        "%s line %d: its %s is that of line %d already; want each once"
                                .formatted(
                                        file,
                                        entry.line(),
                                        sameName ? "name" : "hash",
                                        other.line()));
            }
        }
    }

    /// How many there are.
    public int size() {
        return entries.size();
    }

    /// The name of a key; empty if it is none of these. Takes the same time for every key of a length.
    Optional<String> nameOf(String key) {
        byte[] hash = sha256(key);
        Optional<String> name = Optional.empty();
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.hash(), hash)) {
                name = Optional.of(entry.name());
            }
        }
        return name;
    }

    private static byte[] sha256(String key) {
        return Sha256.start().digest(key.getBytes(StandardCharsets.UTF_8));
    }
}
