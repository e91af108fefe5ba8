package io.moonglass.loader.gguf;

import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A GGUF file, or all parts of a split one, mapped for reading. Whatever its headers say is checked against the files'
/// real sizes before a byte of data is touched.
///
/// Open until closed; neither metadata nor tensors may be used afterwards.
public final class GgufFile implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(GgufFile.class.getName());

    private static final Pattern SPLIT_NAME = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf");
    private static final String SPLIT_NUMBER = "split.no";
    private static final String SPLIT_COUNT = "split.count";
    private static final String SPLIT_TENSORS = "split.tensors.count";

    private final Path path;
    private final Arena arena;
    private final List<GgufPart> parts;
    private final Map<String, GgufTensor> tensors;

    private GgufFile(Path path, Arena arena, List<GgufPart> parts) {
        this.path = path;
        this.arena = arena;
        this.parts = parts;
        this.tensors = tensors(parts);
    }

    /// @param file any part of a split one; the others lie beside it
    /// @throws ModelFormatException if a file is missing, damaged or of a kind that is not read
    public static GgufFile open(Path file) {
        LOG.log(System.Logger.Level.DEBUG, "opening {0}", file);
        Arena arena = Arena.ofShared();
        try {
            GgufPart opened = map(file, arena);
            List<GgufPart> parts =
                    opened.metadata().has(SPLIT_COUNT) ? allParts(opened, arena) : List.of(opened);
            return new GgufFile(file, arena, parts);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /// What was opened.
    public Path path() {
        return path;
    }

    /// All files, in order; one where it is not split.
    public List<Path> parts() {
        return parts.stream().map(GgufPart::file).toList();
    }

    /// The keys of the first part, which has those of the model.
    public GgufMetadata metadata() {
        return parts.getFirst().metadata();
    }

    /// In the order of the file, or of the parts.
    public List<GgufTensor> tensors() {
        return List.copyOf(tensors.values());
    }

    public Optional<GgufTensor> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /// Unmaps the files; does nothing the second time.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private static GgufPart map(Path file, Arena arena) {
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(
                    "%s: no such file; want a GGUF file".formatted(file.getFileName()));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            // The same kind of segment as activations: kernels stay compiled for one kind.
            MemorySegment plain =
                    MemorySegment.ofAddress(mapped.address())
                            .reinterpret(mapped.byteSize(), arena, null)
                            .asReadOnly();
            return GgufPart.parse(file, plain);
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: cannot be read: %s".formatted(file.getFileName(), e.getMessage()), e);
        }
    }

    /// The parts' names are made from the opened one's, never taken from a file, and each has to say which it is: so no
    /// part can lead elsewhere, or to another again.
    private static List<GgufPart> allParts(GgufPart opened, Arena arena) {
        long count = opened.metadata().integer(SPLIT_COUNT);
        Matcher name = SPLIT_NAME.matcher(opened.file().getFileName().toString());
        if (count == 1 && !name.matches()) {
            return List.of(opened);
        }
        if (!name.matches()
                || Integer.parseInt(name.group(3)) != count
                || Integer.parseInt(name.group(2)) < 1
                || Integer.parseInt(name.group(2)) > count) {
            throw opened.metadata()
                    .wrong(
                            SPLIT_COUNT,
                            "as many parts as its name says, NAME-00001-of-0000N.gguf: give the files the names that they were published with");
        }
        List<GgufPart> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String file = partName(name.group(1), i + 1, count);
            GgufPart part =
                    file.equals(opened.file().getFileName().toString())
                            ? opened
                            : map(opened.file().resolveSibling(file), arena);
            checkNumber(part, i, count);
            parts.add(part);
        }
        return List.copyOf(parts);
    }

    /// With digits as published names have them, wherever the program runs.
    private static String partName(String name, int number, long count) {
        return String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", name, number, count);
    }

    private static void checkNumber(GgufPart part, int number, long count) {
        GgufMetadata keys = part.metadata();
        if (keys.integer(SPLIT_NUMBER) != number) {
            throw keys.wrong(
                    SPLIT_NUMBER, "%d, as its name says; download it again".formatted(number));
        }
        if (keys.integer(SPLIT_COUNT) != count) {
            throw keys.wrong(SPLIT_COUNT, "%d; take all parts from one release".formatted(count));
        }
    }

    private static Map<String, GgufTensor> tensors(List<GgufPart> parts) {
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (GgufPart part : parts) {
            for (GgufTensor tensor : part.tensors()) {
                if (tensors.put(tensor.name(), tensor) != null) {
                    throw new ModelFormatException(
                            "%s: tensor %s is there twice; the file is damaged, download it again"
                                    .formatted(
                                            part.file().getFileName(),
                                            GgufPart.shown(tensor.name())));
                }
            }
        }
        GgufMetadata keys = parts.getFirst().metadata();
        if (parts.size() > 1
                && keys.has(SPLIT_TENSORS)
                && keys.integer(SPLIT_TENSORS) != tensors.size()) {
            throw keys.wrong(
                    SPLIT_TENSORS,
                    "%d, as many as the parts hold; take all parts from one release"
                            .formatted(tensors.size()));
        }
        return tensors;
    }
}
