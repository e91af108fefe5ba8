package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelPacker;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// The weights of a checkpoint.
final class CheckpointSource implements WeightSource {

    /// Larger files beside the weights are no part of a model's configuration.
    private static final long MOST_COMPANION_BYTES = 64L << 20;

    private final Checkpoint checkpoint;
    private final LatentSplit split;
    private final PanelPacker[] packers;

    /// @param numMembers threads that will write panels
    CheckpointSource(Checkpoint checkpoint, int numMembers) {
        this.checkpoint = checkpoint;
        this.split = new LatentSplit(checkpoint.config().text());
        this.packers =
                IntStream.range(0, numMembers)
                        .mapToObj(_ -> new PanelPacker())
                        .toArray(PanelPacker[]::new);
    }

    @Override
    public Map<String, PackedFile.Entry> tensors(WeightFormat format) {
        Map<String, PackedFile.Entry> entries = new LinkedHashMap<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            tensor.weightType(); // refuses what is no weight
            entries.put(tensor.name(), new PackedFile.Entry(tensor.kind(), tensor.shape()));
        }
        return split.tensors(entries, format);
    }

    @Override
    public void writePanel(String name, PanelMatrix target, int panel, int member) {
        Optional<String> joined = LatentSplit.source(name);
        StoredTensor tensor = checkpoint.tensor(joined.orElse(name));
        try (Arena arena = Arena.ofConfined()) {
            if (joined.isEmpty()) {
                packers[member].packPanel(
                        tensor.matrix(target.numRows(), target.numColumns()), target, panel);
                return;
            }
            int rank = checkpoint.config().text().kvLoraRank();
            WeightMatrix source = tensor.matrix(split.numSourceRows(), rank);
            packers[member].packPanel(
                    split.panelRows(name, source, panel, arena),
                    target.rows(panel * PanelMatrix.PANEL_ROWS, PanelMatrix.PANEL_ROWS),
                    0);
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    "%s: tensor %s: %s".formatted(tensor.file(), name, e.getMessage()), e);
        }
    }

    @Override
    public void writeElements(
            String name, ElementKind kind, MemorySegment target, long from, long to) {
        StoredTensor tensor = checkpoint.tensor(name);
        if (tensor.kind() == kind) {
            long at = from * kind.bytes();
            MemorySegment.copy(tensor.data(), at, target, at, (to - from) * kind.bytes());
            return;
        }
        for (long i = from; i < to; i++) {
            Elements.set(target, kind, i, tensor.element(i));
        }
    }

    @Override
    public void writeCompanions(Path directory) throws IOException {
        for (Path file : companions()) {
            Files.copy(file, directory.resolve(file.getFileName()));
        }
    }

    @Override
    public Map<String, String> hashes() throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            if (!hashes.containsKey(tensor.file())) {
                hashes.put(tensor.file(), sha256(checkpoint.directory().resolve(tensor.file())));
            }
        }
        for (Path file : companions()) {
            hashes.put(file.getFileName().toString(), sha256(file));
        }
        return hashes;
    }

    /// Configuration, tokenizer, template, licence: all but weights and what says where they are.
    private Iterable<Path> companions() throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> folder = Files.newDirectoryStream(checkpoint.directory())) {
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
        }
        return files.values();
    }

    private static String sha256(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                byte[] buffer = new byte[1 << 20];
                while (in.read(buffer) >= 0) {}
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
