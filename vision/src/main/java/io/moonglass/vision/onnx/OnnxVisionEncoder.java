package io.moonglass.vision.onnx;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.onnx.VisionGraph;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.AxisWeights;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.Pace;
import io.moonglass.vision.RotaryTable;
import io.moonglass.vision.VisionEncoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/// MoonViT and the projector on ONNX Runtime, reached through DJL; runs [VisionGraph]'s graphs.
///
/// Calls from several threads run side by side on one team of `numThreads`, each with activations of
/// its own; who wants to bound memory bounds the calls.
public final class OnnxVisionEncoder implements VisionEncoder {

    private static final Engine ENGINE = engine();

    private final VisionConfig vision;
    private final List<String> outputs;
    private final OrtSession.SessionOptions options;
    private final Model model;

    /// Runs share it; closing waits for them, because their native code would read freed memory.
    private final ReadWriteLock inUse = new ReentrantReadWriteLock();

    private boolean closed;

    private OnnxVisionEncoder(
            VisionConfig vision,
            List<String> outputs,
            OrtSession.SessionOptions options,
            Model model) {
        this.vision = vision;
        this.outputs = outputs;
        this.options = options;
        this.model = model;
    }

    /// Writes the checkpoint's graph into a private folder below `workDirectory`, loads it and deletes
    /// the folder again; the weights stay mapped. The disk must have room for the vision part in
    /// float32 (1.7 GB for the released models) as long as the encoder is open.
    ///
    /// @param workDirectory     made if it is not there; may be shared with other processes
    /// @param numThreads        threads of one run, the calling one included
    /// @param withIntermediates keep what [VisionEncoder#encodeWithIntermediates] gives out
    /// @throws ConfigException      if the checkpoint has no vision part, or the folder cannot be used
    /// @throws ModelFormatException if a tensor is missing or misshapen
    public static OnnxVisionEncoder load(
            Checkpoint checkpoint, Path workDirectory, int numThreads, boolean withIntermediates) {
        try {
            Files.createDirectories(workDirectory);
            Path folder = Files.createTempDirectory(workDirectory, "moonvit-");
            try {
                Path graph = VisionGraph.write(checkpoint, folder, withIntermediates);
                VisionConfig vision = checkpoint.config().vision().orElseThrow();
                return open(vision, graph, numThreads, withIntermediates);
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: the picture encoder's graph cannot be kept there (%s); want a folder that can be written"
                            .formatted(workDirectory, e),
                    e);
        }
    }

    /// Loads a graph that [VisionGraph#write] wrote earlier.
    ///
    /// @param vision            the sizes it was written for
    /// @param withIntermediates whether it was written with intermediate outputs
    /// @throws ModelFormatException if the files cannot be loaded
    public static OnnxVisionEncoder open(
            VisionConfig vision, Path graph, int numThreads, boolean withIntermediates) {
        List<String> outputs = VisionGraph.outputs(vision, withIntermediates);
        OrtSession.SessionOptions options = sessionOptions(numThreads);
        Model model = ENGINE.newModel("moonvit", Device.cpu());
        try {
            model.load(
                    graph.getParent(),
                    graph.getFileName().toString(),
                    Map.of("sessionOptions", options));
            return new OnnxVisionEncoder(vision, outputs, options, model);
        } catch (IOException | MalformedModelException e) {
            model.close();
            options.close();
            throw new ModelFormatException(
                    "%s: ONNX Runtime cannot load the graph; write it anew"
                            .formatted(graph.getFileName()),
                    e);
        }
    }

    /// A run cannot be interrupted, so the pace is not asked.
    @Override
    public FloatMatrix encode(ImagePatches patches, Pace pace, Arena arena) {
        return run(patches, results -> copy(results.getLast(), arena));
    }

    @Override
    public Map<String, FloatMatrix> encodeWithIntermediates(ImagePatches patches, Arena arena) {
        if (outputs.size() == 1) {
            throw new IllegalStateException("the graph was loaded without intermediate outputs");
        }
        return run(
                patches,
                results -> {
                    Map<String, FloatMatrix> named = new LinkedHashMap<>();
                    for (int i = 0; i < outputs.size(); i++) {
                        named.put(outputs.get(i), copy(results.get(i), arena));
                    }
                    return named;
                });
    }

    @Override
    public void close() {
        inUse.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                model.close();
                options.close();
            }
        } finally {
            inUse.writeLock().unlock();
        }
    }

    /// One picture through the graph; its results are gone when `reader` returns.
    private <T> T run(ImagePatches patches, Function<NDList, T> reader) {
        inUse.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the picture encoder is closed");
            }
            try (NDManager manager = model.getNDManager().newSubManager()) {
                NDList inputs = inputs(patches, manager);
                return reader.apply(
                        model.getBlock()
                                .forward(new ParameterStore(manager, false), inputs, false));
            }
        } finally {
            inUse.readLock().unlock();
        }
    }

    private NDList inputs(ImagePatches patches, NDManager manager) {
        if (patches.patchLength() != vision.patchLength()) {
            throw new IllegalArgumentException(
                    "patches of %d numbers; config.json makes them %d"
                            .formatted(patches.patchLength(), vision.patchLength()));
        }
        int gridHeight = patches.gridHeight();
        int gridWidth = patches.gridWidth();
        RotaryTable rotary = RotaryTable.of(vision, gridHeight, gridWidth);
        return new NDList(
                input(manager, VisionGraph.PATCHES, patches.patches(), patches.numPatches()),
                input(
                        manager,
                        VisionGraph.ROW_WEIGHTS,
                        AxisWeights.of(vision.positionRows(), gridHeight),
                        gridHeight),
                input(
                        manager,
                        VisionGraph.COLUMN_WEIGHTS,
                        AxisWeights.of(vision.positionColumns(), gridWidth),
                        gridWidth),
                input(manager, VisionGraph.ROTARY_COS, rotary.cos(), patches.numPatches()),
                input(manager, VisionGraph.ROTARY_SIN, rotary.sin(), patches.numPatches()));
    }

    private static NDArray input(NDManager manager, String name, float[] values, int numRows) {
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(values.length * Float.BYTES)
                        .order(ByteOrder.nativeOrder());
        buffer.asFloatBuffer().put(values);
        NDArray array =
                manager.create(
                        buffer, new Shape(numRows, values.length / numRows), DataType.FLOAT32);
        array.setName(name);
        return array;
    }

    /// All leading dimensions become rows.
    private static FloatMatrix copy(NDArray array, Arena arena) {
        Shape shape = array.getShape();
        int numColumns = Math.toIntExact(shape.get(shape.dimension() - 1));
        int numRows = Math.toIntExact(shape.size() / numColumns);
        FloatMatrix matrix = FloatMatrix.allocate(arena, numRows, numColumns);
        matrix.data().copyFrom(MemorySegment.ofBuffer(array.toByteBuffer()));
        return matrix;
    }

    private static OrtSession.SessionOptions sessionOptions(int numThreads) {
        if (numThreads <= 0) {
            throw new IllegalArgumentException(
                    "numThreads is %d; want a number above 0".formatted(numThreads));
        }
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        try {
            options.setIntraOpNumThreads(numThreads);
            options.setInterOpNumThreads(1);
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            options.addConfigEntry("session.inter_op.allow_spinning", "0");
            // every picture has another size: nothing to plan ahead, and a large one's memory goes
            // back
            options.setMemoryPatternOptimization(false);
            options.setCPUArenaAllocator(false);
            return options;
        } catch (OrtException e) {
            options.close();
            throw new IllegalStateException("ONNX Runtime refuses its options", e);
        }
    }

    /// DJL must neither fetch anything nor report anything; it reads these when it is first used.
    private static Engine engine() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        return Engine.getEngine("OnnxRuntime");
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
