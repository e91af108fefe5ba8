package io.moonglass.loader.pack;

import io.moonglass.loader.digest.Sha256;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The files of a checkpoint, each by its name and in the order of names.
///
/// @param weights    those that hold tensors
/// @param companions configuration, tokenizer, template, licence: all but weights and what says where
///                   they are
record SourceFiles(Map<String, Path> weights, Map<String, Path> companions) {

    /// Larger files beside the weights are no part of a model's configuration.
    private static final long MOST_COMPANION_BYTES = 64L << 20;

    static SourceFiles of(Checkpoint checkpoint) throws IOException {
        Map<String, Path> weights = new TreeMap<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            weights.put(tensor.file(), checkpoint.directory().resolve(tensor.file()));
        }
        return new SourceFiles(weights, companions(checkpoint.directory()));
    }

    private static Map<String, Path> companions(Path directory) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> folder = Files.newDirectoryStream(directory)) {
            for (Path file : folder) {
                String name = file.getFileName().toString();
                boolean wanted =
                        !name.startsWith(".")
                                && !name.contains(".safetensors")
                                && Files.isRegularFile(file)
                                && Files.size(file) <= MOST_COMPANION_BYTES;
                if (wanted) {
                    files.put(name, file);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return files;
    }

    /// What tells these files from others, a line each: small ones count with their contents, files of
    /// weights with size and time of change. To hash tens of gigabytes at every start would take longer
    /// than all the rest of it, and who replaces such a file changes one of the two.
    List<String> state() throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path file : weights.values()) {
            lines.add(state(file));
        }
        for (Map.Entry<String, Path> file : companions.entrySet()) {
            lines.add("%s %s".formatted(file.getKey(), sha256(file.getValue())));
        }
        return lines;
    }

    /// The line of a file of weights.
    static String state(Path file) throws IOException {
        return file.getFileName()
                + " "
                + Files.size(file)
                + " "
                + Files.getLastModifiedTime(file).toMillis();
    }

    static String sha256(Path file) throws IOException {
        MessageDigest digest = Sha256.start();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            byte[] buffer = new byte[1 << 17]; // stays in a core's own cache
            while (in.read(buffer) >= 0) {}
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static String sha256(List<String> lines) {
        byte[] text = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(Sha256.start().digest(text));
    }
}
