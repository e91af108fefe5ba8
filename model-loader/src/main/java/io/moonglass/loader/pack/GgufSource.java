package io.moonglass.loader.pack;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.gguf.FoundTensor;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufModel;
import io.moonglass.loader.gguf.GgufTensor;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.BlockSource;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelPacker;
import io.moonglass.tensor.PanelType;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// The weights of GGUF files. Blocks that panels hold as they are go into them bit for bit, others through floats; what
/// that changes is measured on some rows of each matrix.
final class GgufSource implements WeightSource {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Panels of a matrix that errors are measured on.
    private static final int MEASURED_PANELS = 4;

    private final GgufModel model;
    private final LatentSplit split;
    private final PanelPacker[] packers;
    private final boolean isDecoderQuantized;
    private final boolean isVisionQuantized;
    private final PackErrors errors = new PackErrors();
    private final Map<Path, FileHash> weightHashes = new HashMap<>();

    /// Of the tensor that is being written, if it has to be put together first.
    private float[] assembled = new float[0];

    /// @param numMembers threads that will write panels
    /// @throws io.moonglass.loader.fault.ConfigException if a file is not there, or its keys make no configuration
    /// @throws ModelFormatException                      if one is damaged
    static GgufSource open(ModelFiles.Gguf files, int numMembers) {
        return new GgufSource(GgufModel.open(files.decoder(), files.vision()), numMembers);
    }

    private GgufSource(GgufModel model, int numMembers) {
        this.model = model;
        this.split = new LatentSplit(model.config().text());
        this.packers =
                IntStream.range(0, numMembers)
                        .mapToObj(_ -> new PanelPacker())
                        .toArray(PanelPacker[]::new);
        this.isDecoderQuantized = hasBlocks(name -> !PackedForm.isVision(name));
        this.isVisionQuantized = isDecoderQuantized || hasBlocks(PackedForm::isVision);
    }

    /// Whether a matrix that tokens or patches are multiplied with is stored in blocks.
    private boolean hasBlocks(Predicate<String> part) {
        return model.tensors().entrySet().stream()
                .filter(entry -> part.test(entry.getKey()))
                .filter(entry ->
                        PackedForm.isMultiplied(entry.getKey(), entry.getValue().shape().length))
                .anyMatch(entry -> entry.getValue().first().type().blockLength() > 1);
    }

    /// Whether the decoder has been rounded already.
    boolean isQuantized() {
        return isDecoderQuantized;
    }

    /// Of all tensors, as they are stored.
    long storedBytes() {
        return model.stored().stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
    }

    /// In the order of the files, so that a disk is read from front to back.
    @Override
    public PackLayout layout(WeightFormats formats) {
        Map<GgufTensor, Integer> places = new HashMap<>();
        model.stored().forEach(tensor -> places.put(tensor, places.size()));
        Map<String, PackedFile.Entry> entries = new LinkedHashMap<>();
        model.tensors().entrySet().stream()
                .sorted(Comparator.comparing(entry -> places.get(entry.getValue().first())))
                .forEach(entry -> entries.put(entry.getKey(), entry(entry)));
        boolean splits =
                formats.decoder().panels().isPresent()
                        || formats.decoder() == WeightFormat.KEEP && isDecoderQuantized;
        Map<String, PackedFile.Entry> tensors = split.tensors(entries, splits);
        return PackLayout.of(tensors, name -> form(name, tensors, formats));
    }

    private PackedForm form(
            String name, Map<String, PackedFile.Entry> tensors, WeightFormats formats) {
        boolean isVision = PackedForm.isVision(name);
        WeightFormat format = isVision ? formats.vision() : formats.decoder();
        boolean isKept =
                format == WeightFormat.KEEP
                        && (isVision ? isVisionQuantized : isDecoderQuantized)
                        && !LatentSplit.isPanels(name, tensors.keySet())
                        && (PackedForm.isMultiplied(name, tensors.get(name).shape().length)
                                || isEmbeddingKept(name));
        return isKept
                ? new PackedForm.Panels(kept(model.tensors().get(name)))
                : PackLayout.form(name, tensors, formats);
    }

    /// What would have to be rounded anew is better off as bfloat16, which the table of tokens has room for.
    private boolean isEmbeddingKept(String name) {
        return PackedForm.isEmbedding(name)
                && KeptBlocks.areTaken(model.tensors().get(name).first().type());
    }

    /// Parts that are joined have one kind of panels.
    private static PanelType kept(FoundTensor found) {
        return switch (found) {
            case FoundTensor.Joined joined -> {
                List<PanelType> types =
                        joined.pieces().stream()
                                .map(piece -> KeptBlocks.panels(piece.tensor().type()))
                                .distinct()
                                .toList();
                yield types.size() == 1 ? types.getFirst() : PanelType.Q8;
            }
            case FoundTensor.Latents _ -> PanelType.Q8;
        };
    }

    /// Blocks and what F16 holds have more bits than a bfloat16. Only large matrices are made shorter by it, those in F16
    /// because they were bfloat16 before they were converted, and of those in blocks the table of tokens.
    private static PackedFile.Entry entry(Map.Entry<String, FoundTensor> tensor) {
        String name = tensor.getKey();
        long[] shape = tensor.getValue().shape();
        boolean isEmbedding = PackedForm.isEmbedding(name);
        ElementKind kind =
                switch (tensor.getValue().first().type()) {
                    case BF16 -> ElementKind.BF16;
                    case F32 -> ElementKind.F32;
                    case F16 ->
                            isEmbedding || PackedForm.isMultiplied(name, shape.length)
                                    ? ElementKind.BF16
                                    : ElementKind.F32;
                    case Q4_0,
                            Q4_1,
                            Q5_0,
                            Q5_1,
                            Q8_0,
                            Q2_K,
                            Q3_K,
                            Q4_K,
                            Q5_K,
                            Q6_K,
                            IQ4_NL,
                            IQ4_XS ->
                            isEmbedding ? ElementKind.BF16 : ElementKind.F32;
                };
        return new PackedFile.Entry(kind, shape);
    }

    /// A file is hashed while it is packed, so that a disk is read once.
    @Override
    public void begin(String name) {
        FoundTensor found = found(name);
        hash(found.first().file());
        boolean isOtherwiseStored =
                found instanceof FoundTensor.Latents != LatentSplit.source(name).isPresent();
        assembled = isOtherwiseStored ? found.floats() : new float[0];
    }

    private void hash(Path file) {
        weightHashes.computeIfAbsent(file, FileHash::start);
    }

    private FoundTensor found(String name) {
        return model.tensors().get(LatentSplit.source(name).orElse(name));
    }

    @Override
    public void writePanel(String name, int panel, PanelMatrix target, int member) {
        int first = panel * PANEL_ROWS;
        int count = target.numRows();
        Optional<FoundTensor.Piece> stored = storedRows(name, first, count);
        GgufTensor tensor = stored.map(FoundTensor.Piece::tensor).orElse(found(name).first());
        try {
            Optional<BlockSource> kept =
                    stored.flatMap(piece ->
                            KeptBlocks.of(piece, count, target.numColumns(), target.type()));
            kept.ifPresent(blocks -> packers[member].packBlocks(blocks, target, 0));
            boolean isExact = kept.isPresent() && KeptBlocks.areExact(tensor.type());
            boolean isMeasured = !isExact && isMeasured(panel, numPanels(name));
            if (kept.isEmpty() || isMeasured) {
                float[] floats = floats(name, stored, first, count, target.numColumns());
                if (kept.isEmpty()) {
                    pack(floats, target, packers[member]);
                }
                if (isMeasured) {
                    measure(tensor, floats, target);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    "%s: tensor %s, the panel of row %d: %s"
                            .formatted(
                                    tensor.file().getFileName(),
                                    tensor.name(),
                                    first,
                                    e.getMessage()),
                    e);
        }
        errors.storedAs(tensor, target.type().name().toLowerCase(Locale.ROOT));
    }

    /// Where a panel's rows lie, if they do so as they are wanted.
    private Optional<FoundTensor.Piece> storedRows(String name, int first, int count) {
        FoundTensor found = found(name);
        if (LatentSplit.source(name).isEmpty()) {
            return found.rows(first, count);
        }
        return found instanceof FoundTensor.Latents latents
                ? latents.storedKeys().rows(first, count)
                : Optional.empty();
    }

    private float[] floats(
            String name, Optional<FoundTensor.Piece> stored, int first, int count, int numColumns) {
        float[] floats = new float[count * numColumns];
        if (stored.isPresent()) {
            FoundTensor.Piece piece = stored.get();
            piece.tensor().decode(piece.from(), piece.from() + piece.count(), floats, 0);
        } else if (LatentSplit.source(name).isPresent()) {
            copyTransposed(first, floats);
        } else if (assembled.length > 0) {
            System.arraycopy(assembled, first * numColumns, floats, 0, floats.length);
        } else { // rows of a panel are of two parts
            long from = (long) first * numColumns;
            ((FoundTensor.Joined) found(name)).read(from, from + floats.length, floats);
        }
        return floats;
    }

    private void copyTransposed(int first, float[] floats) {
        int rank = model.config().text().kvLoraRank();
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix joined = // where it lies: it is large, and every panel is made from it
                    new WeightMatrix(
                            MemorySegment.ofArray(assembled),
                            ElementType.F32,
                            split.numSourceRows(),
                            rank);
            WeightMatrix rows = split.panelRows(joined, first / PANEL_ROWS, arena);
            MemorySegment.copy(rows.data(), FLOAT, 0, floats, 0, floats.length);
        }
    }

    private static void pack(float[] floats, PanelMatrix rows, PanelPacker packer) {
        try (Arena arena = Arena.ofConfined()) {
            packer.packPanel(matrix(floats, rows.numRows(), rows.numColumns(), arena), rows, 0);
        }
    }

    private static WeightMatrix matrix(float[] floats, int numRows, int numColumns, Arena arena) {
        MemorySegment data = arena.allocate((long) floats.length * Float.BYTES, 64);
        MemorySegment.copy(floats, 0, data, FLOAT, 0, floats.length);
        return new WeightMatrix(data, ElementType.F32, numRows, numColumns);
    }

    private int numPanels(String name) {
        boolean isKeys = LatentSplit.source(name).isPresent();
        return PanelMatrix.numPanels(
                isKeys ? split.numKeyRows() : Math.toIntExact(found(name).shape()[0]));
    }

    private static boolean isMeasured(int panel, int numPanels) {
        return panel % ((numPanels + MEASURED_PANELS - 1) / MEASURED_PANELS) == 0;
    }

    private void measure(GgufTensor tensor, float[] before, PanelMatrix rows) {
        float[] after = new float[before.length];
        for (int row = 0; row < rows.numRows(); row++) {
            rows.widenRow(row, after, row * rows.numColumns());
        }
        errors.compare(tensor, before, after, before.length);
    }

    @Override
    public void writeElements(
            String name, ElementKind kind, long from, long to, MemorySegment target) {
        FoundTensor found = found(name);
        float[] before = new float[Math.toIntExact(to - from)];
        switch (found) {
            case FoundTensor.Joined joined -> joined.read(from, to, before);
            case FoundTensor.Latents _ ->
                    System.arraycopy(assembled, (int) from, before, 0, before.length);
        }
        if (kind == ElementKind.F32) {
            MemorySegment.copy(before, 0, target, FLOAT, 0, before.length);
        } else {
            for (int i = 0; i < before.length; i++) {
                Elements.set(target, kind, i, before[i]);
            }
        }
        errors.storedAs(found.first(), kind.name().toLowerCase(Locale.ROOT));
        if (kind != ElementKind.F32 && found.first().type() != GgmlType.BF16) {
            float[] after = new float[before.length];
            for (int i = 0; i < after.length; i++) {
                after[i] = Elements.get(target, kind, i);
            }
            errors.compare(found.first(), before, after, after.length);
        }
    }

    @Override
    public void checkCompanions() {
        model.checkCompanions();
    }

    @Override
    public void writeCompanions(Path directory) throws IOException {
        model.writeCompanions(directory);
    }

    @Override
    public Map<String, String> hashes() {
        Map<String, String> hashes = new TreeMap<>();
        model.files().forEach(this::hash); // unless that was done when it was packed
        weightHashes.forEach((file, hash) -> hashes.put(nameOf(file), hash.await()));
        return hashes;
    }

    /// A file's own where no other has it, else with as many of the folders above as tell it from others.
    private String nameOf(Path file) {
        List<Path> others =
                model.files().stream()
                        .filter(other -> !other.equals(file))
                        .map(Path::toAbsolutePath)
                        .toList();
        Path whole = file.toAbsolutePath();
        int numNames = whole.getNameCount();
        return IntStream.rangeClosed(1, numNames)
                .mapToObj(count -> whole.subpath(numNames - count, numNames))
                .filter(name -> others.stream().noneMatch(other -> other.endsWith(name)))
                .findFirst()
                .orElse(whole)
                .toString();
    }

    @Override
    public List<String> state() throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path file : model.files()) {
            lines.add(SourceFiles.state(file));
        }
        return lines;
    }

    @Override
    public List<String> notes() {
        String file = model.files().getFirst().getFileName().toString();
        List<String> notes = new ArrayList<>();
        if (model.config().vision().isEmpty()) {
            notes.add(
                    "%s alone reads text and no pictures; name the file of its vision part with --mmproj"
                            .formatted(file));
        }
        model.takenFromFamily()
                .forEach(taken ->
                        notes.add(
                                "%s does not say: %s, as the model family has it"
                                        .formatted(file, taken)));
        return notes;
    }

    @Override
    public PackReport report() {
        return errors.report(model.stored());
    }

    @Override
    public void close() {
        model.close();
    }
}
