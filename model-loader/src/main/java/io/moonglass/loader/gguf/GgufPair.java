package io.moonglass.loader.gguf;

import io.moonglass.loader.disk.NewFolder;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.pack.PackProgress;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.ThreadTeam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Writes a checkpoint as the two files that engines of GGUF load: `decoder.gguf`, and `mmproj.gguf` for MoonViT and the
/// projector. Both are there, in a new folder, or none ([NewFolder]).
///
/// Norms, biases, routers, the embedding of patches and the table of positions stay float32; the table of tokens, what
/// makes keys and values of latents, and all else of the vision part get 8 bits where the decoder gets 4. A matrix whose
/// rows are no whole blocks becomes F16.
public final class GgufPair {

    private static final System.Logger LOG = System.getLogger(GgufPair.class.getName());

    public static final String DECODER = "decoder.gguf";
    public static final String VISION = "mmproj.gguf";

    /// Elements that a thread takes at once.
    private static final int PIECE = 1 << 18;

    private final GgmlType type;
    private final ThreadTeam team;
    private final List<Map<GgmlType, GgufEncoder>> encoders;
    private final PackProgress progress;

    private GgufPair(GgmlType type, int numThreads, ThreadTeam team, PackProgress progress) {
        this.type = type;
        this.team = team;
        this.progress = progress;
        this.encoders =
                IntStream.range(0, numThreads)
                        .<Map<GgmlType, GgufEncoder>>mapToObj(_ -> new EnumMap<>(GgmlType.class))
                        .toList();
    }

    /// A file, before any of it is written.
    private record Plan(String file, GgufWriter.Builder builder, List<RowsToWrite> tensors) {}

    /// @param model     as it was released, or packed without quantising
    /// @param type      of the large matrices: F32, BF16, Q8_0 or Q4_0
    /// @param directory must not be there yet
    /// @throws ConfigException      if a folder cannot be used, or the model is quantised
    /// @throws ModelFormatException if the checkpoint is damaged
    public static void write(
            Path model, GgmlType type, Path directory, int numThreads, PackProgress progress) {
        try (Checkpoint checkpoint = Checkpoint.open(model);
                ThreadTeam team = new ThreadTeam(numThreads)) {
            checkpoint
                    .manifest()
                    .filter(PackManifest::isQuantized)
                    .ifPresent(manifest -> {
                        throw new ConfigException(
                                "--model %s: packed already, as %s; name the released checkpoint"
                                        .formatted(model, manifest.weights()));
                    });
            try (NewFolder folder = NewFolder.begin(directory)) {
                new GgufPair(type, numThreads, team, progress).write(checkpoint, folder.path());
                folder.commit();
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be written: %s".formatted(directory, e.getMessage()), e);
        }
    }

    private void write(Checkpoint checkpoint, Path directory) throws IOException {
        List<Plan> plans = new ArrayList<>();
        if (checkpoint.config().vision().isPresent()) {
            VisionWriter vision = new VisionWriter(checkpoint);
            Plan plan = new Plan(VISION, GgufWriter.builder(), vision.tensors());
            vision.writeKeys(plan.builder);
            plans.add(plan);
        }
        DecoderWriter decoder = new DecoderWriter(checkpoint);
        Plan plan = new Plan(DECODER, GgufWriter.builder(), decoder.tensors());
        decoder.writeKeys(plan.builder).forEach(lost -> LOG.log(System.Logger.Level.WARNING, lost));
        plans.add(plan);
        plans.forEach(this::announce);
        Counter counter = new Counter(plans);
        for (Plan file : plans) {
            write(file, directory.resolve(file.file), counter);
        }
    }

    private void announce(Plan plan) {
        plan.builder.uint32("general.file_type", fileType());
        plan.builder.uint32("general.quantization_version", 2);
        plan.tensors.forEach(
                tensor -> plan.builder.tensor(tensor.name(), type(tensor), tensor.shape()));
    }

    /// What ggml calls a file by most of its tensors.
    private int fileType() {
        return switch (type) {
            case F32 -> 0;
            case Q4_0 -> 2;
            case Q8_0 -> 7;
            case BF16 -> 32;
            case F16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS ->
                    throw new IllegalArgumentException(type + "; want F32, BF16, Q8_0 or Q4_0");
        };
    }

    private GgmlType type(RowsToWrite tensor) {
        String name = tensor.name();
        boolean isExact =
                tensor.shape().length < 2
                        || name.endsWith("ffn_gate_inp.weight")
                        || name.equals("v.patch_embd.weight")
                        || name.equals(VisionKeys.POSITIONS);
        if (isExact) {
            return GgmlType.F32;
        }
        boolean isDelicate =
                name.equals("token_embd.weight")
                        || name.startsWith("v.")
                        || name.startsWith("mm.")
                        || name.endsWith("attn_k_b.weight")
                        || name.endsWith("attn_v_b.weight");
        GgmlType wanted = type == GgmlType.Q4_0 && isDelicate ? GgmlType.Q8_0 : type;
        return tensor.rowLength() % wanted.blockLength() == 0 ? wanted : GgmlType.F16;
    }

    private void write(Plan plan, Path file, Counter counter) throws IOException {
        try (GgufWriter writer = plan.builder.create(file)) {
            for (RowsToWrite tensor : plan.tensors) {
                write(tensor, type(tensor), writer.tensor(tensor.name()));
                counter.count(tensor);
            }
            writer.commit();
        }
    }

    private void write(RowsToWrite tensor, GgmlType as, MemorySegment target) {
        int length = tensor.rowLength();
        int pieceRows = Math.max(1, PIECE / length);
        int numPieces = Math.toIntExact((tensor.numRows() + pieceRows - 1) / pieceRows);
        team.run(
                numPieces,
                (piece, member) -> {
                    long from = (long) piece * pieceRows;
                    int numRows = (int) Math.min(pieceRows, tensor.numRows() - from);
                    float[] rows = new float[numRows * length];
                    for (int row = 0; row < numRows; row++) {
                        tensor.rows().read(from + row, rows, row * length);
                    }
                    encode(tensor, as, rows, member, target, as.bytes(from * length));
                });
    }

    private void encode(
            RowsToWrite tensor,
            GgmlType as,
            float[] rows,
            int member,
            MemorySegment target,
            long offset) {
        try {
            encoders.get(member)
                    .computeIfAbsent(as, GgufEncoder::of)
                    .encode(rows, 0, rows.length, target, offset);
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    "tensor %s: %s".formatted(tensor.name(), e.getMessage()), e);
        }
    }

    private long bytes(RowsToWrite tensor) {
        return type(tensor).bytes(tensor.numRows() * tensor.rowLength());
    }

    /// Tells of all files together.
    private final class Counter {
        private final int numTensorsAll;
        private final long numBytesAll;
        private int numTensors;
        private long numBytes;

        Counter(List<Plan> plans) {
            numTensorsAll = plans.stream().mapToInt(plan -> plan.tensors.size()).sum();
            numBytesAll =
                    plans.stream()
                            .flatMap(plan -> plan.tensors.stream())
                            .mapToLong(GgufPair.this::bytes)
                            .sum();
        }

        void count(RowsToWrite tensor) {
            numBytes += bytes(tensor);
            progress.at(++numTensors, numTensorsAll, numBytes, numBytesAll);
        }
    }
}
