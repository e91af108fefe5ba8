package io.moonglass.server.http;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.storage.FileStamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// The keys that open the server, as a file has them: for each a name, the SHA-256 of the key, never the key itself,
/// and what it may use. [#refresh()] takes the file over as it is by then. Safe to use from any thread.
public final class ApiKeys {

    private static final System.Logger LOG = System.getLogger(ApiKeys.class.getName());
    private static final int MAX_KEYS = 100_000;
    private static final String WANTED =
            "want a name (1 to 64 letters, digits, '.', '_' and '-'), a space, the key's SHA-256 in 64 hexadecimal"
                    + " digits, and behind them no more than requests-per-minute=N, tokens-per-minute=N and"
                    + " max-running=N, each from 1 to 1,000,000,000";

    /// @param line where it stands in its file, from 1
    private record Entry(int line, String name, byte[] hash, KeyLimits limits) {}

    private final Optional<Path> file;
    private final Map<String, KeyUse> uses = new ConcurrentHashMap<>();
    private volatile List<Entry> entries;
    // of the one thread that refreshes
    private FileStamp stamp;

    private ApiKeys(Optional<Path> file, FileStamp stamp, List<Entry> entries) {
        this.file = file;
        this.stamp = stamp;
        take(entries);
    }

    /// Reads a file of lines `name sha256-hex limit=number...`; what follows a `#` at the start of a line is a
    /// comment. Nothing of a line that is refused is told but its number: it may hold a key.
    ///
    /// @throws ConfigException if it cannot be read, holds no key, or a line is not like that or the
    ///                         second of its name or key
    public static ApiKeys read(Path file) {
        FileStamp stamp =
                FileStamp.of(file); // before it is read: what is written after is seen later
        return new ApiKeys(Optional.of(file), stamp, entries(file));
    }

    /// One key without limits that is in no file.
    public static ApiKeys only(String name, String key) {
        Entry entry = new Entry(1, name, sha256(key), KeyLimits.NONE);
        return new ApiKeys(Optional.empty(), null, List.of(entry));
    }

    private static List<Entry> entries(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read as a file of API keys in UTF-8 (%s); want lines that 'moonglass key NAME' makes"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                entries.add(entry(file, i + 1, line));
            }
        }
        if (entries.isEmpty()) {
            throw new ConfigException(
                    "%s: there is no key in it, so nobody could ask; %s".formatted(file, WANTED));
        }
        if (entries.size() > MAX_KEYS) {
            throw new ConfigException(
                    "%s: there are %,d keys in it; want at most %,d"
                            .formatted(file, entries.size(), MAX_KEYS));
        }
        refuseSecond(file, entries);
        return List.copyOf(entries);
    }

    private static Entry entry(Path file, int number, String line) {
        String[] words = line.split("\\s+");
        if (words.length < 2
                || !words[0].matches("[A-Za-z0-9._-]{1,64}")
                || !words[1].matches("[0-9A-Fa-f]{64}")) {
            throw refused(file, number);
        }
        return new Entry(
                number,
                words[0],
                HexFormat.of().parseHex(words[1]),
                limits(file, number, Arrays.asList(words).subList(2, words.length)));
    }

    private static KeyLimits limits(Path file, int number, List<String> words) {
        KeyLimits limits = KeyLimits.NONE;
        for (String word : words) {
            if (!word.matches("[a-z-]+=([1-9][0-9]{0,8}|1000000000)")) {
                throw refused(file, number);
            }
            int equals = word.indexOf('=');
            int value = Integer.parseInt(word.substring(equals + 1));
            try {
                limits = limits.with(word.substring(0, equals), value);
            } catch (IllegalArgumentException e) {
                throw refused(file, number);
            }
        }
        return limits;
    }

    private static ConfigException refused(Path file, int number) {
        return new ConfigException(
                "%s line %d: no name and hash of a key; %s".formatted(file, number, WANTED));
    }

    private static void refuseSecond(Path file, List<Entry> entries) {
        Map<String, Integer> lineOfName = new HashMap<>();
        Map<String, Integer> lineOfHash = new HashMap<>();
        for (Entry entry : entries) {
            Integer sameName = lineOfName.putIfAbsent(entry.name(), entry.line());
            Integer sameHash =
                    lineOfHash.putIfAbsent(HexFormat.of().formatHex(entry.hash()), entry.line());
            if (sameName != null || sameHash != null) {
                throw new ConfigException(
                        "%s line %d: its %s is that of line %d already; want each once"
                                .formatted(
                                        file,
                                        entry.line(),
                                        sameName != null ? "name" : "hash",
                                        sameName != null ? sameName : sameHash));
            }
        }
    }

    /// A key that stays under its name keeps what it has used of its limits.
    private void take(List<Entry> read) {
        for (Entry entry : read) {
            KeyUse use =
                    uses.computeIfAbsent(
                            entry.name(), _ -> new KeyUse(entry.limits(), System::nanoTime));
            use.limit(entry.limits());
        }
        entries = read;
        uses.keySet().retainAll(read.stream().map(Entry::name).collect(Collectors.toSet()));
    }

    /// Takes the file over if it has changed since it was last read; requests that run go on. Where it cannot be
    /// taken that is logged once, and the keys from before stay. For one thread at a time.
    public void refresh() {
        file.ifPresent(this::refresh);
    }

    private void refresh(Path file) {
        FileStamp now = FileStamp.of(file);
        if (now.equals(stamp)) {
            return;
        }
        stamp = now;
        try {
            take(entries(file));
            LOG.log(System.Logger.Level.INFO, "API keys: {0} have changed; now {1}", file, size());
        } catch (ConfigException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "API keys: the {0} from before stay: {1}",
                    size(),
                    e.getMessage());
        }
    }

    /// How many there are.
    public int size() {
        return entries.size();
    }

    /// The name of a key; empty if it is none of these. Takes the same time for every key of a length.
    public Optional<String> nameOf(String key) {
        byte[] hash = sha256(key);
        Optional<String> name = Optional.empty();
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.hash(), hash)) {
                name = Optional.of(entry.name());
            }
        }
        return name;
    }

    /// What is used of the limits of the key with this name.
    KeyUse useOf(String name) {
        return uses.getOrDefault(name, KeyUse.UNLIMITED);
    }

    private static byte[] sha256(String key) {
        return Sha256.start().digest(key.getBytes(StandardCharsets.UTF_8));
    }
}
