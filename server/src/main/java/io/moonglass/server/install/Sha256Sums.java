package io.moonglass.server.install;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The SHA-256 of every file of a folder, as `sha256sum` writes them: the digits, two spaces or a space and an asterisk, a path.
///
/// @param byPath hexadecimal digits in lower case by a path in the folder, with `/` between names, in the order of paths
record Sha256Sums(SequencedMap<String, String> byPath) {

    private static final long MOST_BYTES = 16 << 20;
    private static final Pattern LINE = Pattern.compile("([0-9a-fA-F]{64}) [ *](?:\\./)?(\\S.*)");

    Sha256Sums {
        byPath = Collections.unmodifiableSequencedMap(new TreeMap<>(byPath));
    }

    /// @throws ConfigException if the file cannot be read, or a line names no file in a folder
    static Sha256Sums read(Path file) {
        List<String> lines;
        try {
            long size = Files.size(file);
            if (size > MOST_BYTES) {
                throw new ConfigException(
                        "%s: %,d bytes; want at most %,d, lines of sha256sum"
                                .formatted(file, size, MOST_BYTES));
            }
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read; want lines of sha256sum".formatted(file), e);
        }
        TreeMap<String, String> sums = new TreeMap<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            Matcher line = LINE.matcher(lines.get(i));
            if (!line.matches() || !isInside(line.group(2))) {
                throw new ConfigException(
                        "%s, line %d: want 64 hexadecimal digits, two spaces and a path in the folder, as sha256sum writes them"
                                .formatted(file, i + 1));
            }
            String digits = line.group(1).toLowerCase(Locale.ROOT);
            String before = sums.put(line.group(2), digits);
            if (before != null && !before.equals(digits)) {
                throw new ConfigException(
                        "%s, line %d: %s is there twice, with different sums; keep one"
                                .formatted(file, i + 1, line.group(2)));
            }
        }
        if (sums.isEmpty()) {
            throw new ConfigException(
                    "%s: holds no line; want one of sha256sum for each file".formatted(file));
        }
        return new Sha256Sums(sums);
    }

    private static boolean isInside(String path) {
        return Path.of(path).normalize().toString().equals(path)
                && !path.startsWith("/")
                && !path.startsWith("..");
    }

    /// Whether all files of the other are in this, with the same sums.
    boolean contains(Sha256Sums other) {
        return byPath.entrySet().containsAll(other.byPath.entrySet());
    }

    /// The lines that `sha256sum --check` reads.
    List<String> lines() {
        return byPath.entrySet().stream()
                .map(sum -> "%s  %s".formatted(sum.getValue(), sum.getKey()))
                .toList();
    }
}
