package io.moonglass.vision.moonvit;

import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.Pace;
import io.moonglass.vision.VisionEncoder;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// MoonViT and the projector on our own kernels, from the checkpoint's mapped weights: float32,
/// bfloat16 or quantised panels. Where weights are panels, attention rounds to bfloat16; else it
/// computes in float32.
///
/// One picture at a time; other callers wait. A picture's memory goes back when it is encoded.
public final class NativeVisionEncoder implements VisionEncoder {

    private final MoonVitWeights weights;
    private final int outputSize;
    private final ThreadTeam team;
    private final ReentrantLock inUse = new ReentrantLock();
    private boolean closed;

    private NativeVisionEncoder(MoonVitWeights weights, int outputSize, int numThreads) {
        this.weights = weights;
        this.outputSize = outputSize;
        this.team = new ThreadTeam(numThreads);
    }

    /// @param checkpoint stays open as long as the encoder
    /// @param numThreads threads of a picture, the calling one included
    /// @throws io.moonglass.loader.fault.ConfigException if the checkpoint has no vision part
    /// @throws io.moonglass.loader.fault.ModelFormatException if a tensor is missing or misshapen
    public static NativeVisionEncoder load(Checkpoint checkpoint, int numThreads) {
        return new NativeVisionEncoder(
                MoonVitWeights.from(checkpoint),
                checkpoint.config().text().hiddenSize(),
                numThreads);
    }

    @Override
    public FloatMatrix encode(ImagePatches patches, Pace pace, Arena arena) {
        return run(patches, pace, arena, Stages.UNSEEN);
    }

    @Override
    public Map<String, FloatMatrix> encodeWithIntermediates(ImagePatches patches, Arena arena) {
        Map<String, FloatMatrix> seen = new LinkedHashMap<>();
        run(patches, Pace.ALONE, arena, (name, values) -> seen.put(name, copy(values, arena)));
        return seen;
    }

    @Override
    public void close() {
        inUse.lock();
        try {
            closed = true;
            team.close();
        } finally {
            inUse.unlock();
        }
    }

    private FloatMatrix run(ImagePatches patches, Pace pace, Arena arena, Stages stages) {
        int patchLength = weights.config().patchLength();
        if (patches.patchLength() != patchLength) {
            throw new IllegalArgumentException(
                    "patches of %d numbers; config.json makes them %d"
                            .formatted(patches.patchLength(), patchLength));
        }
        inUse.lock();
        try (Workspace workspace = new Workspace();
                Workspace.Frame frame = workspace.frame()) {
            if (closed) {
                throw new IllegalStateException("the picture encoder is closed");
            }
            FloatMatrix out = frame.matrix(patches.numTokens(), outputSize);
            new EncoderPass(weights, patches, new PacedTeam(team, pace), workspace, stages)
                    .run(out);
            return copy(out, arena);
        } finally {
            inUse.unlock();
        }
    }

    /// The caller's memory may be for the calling thread alone, so the team does not write to it.
    private static FloatMatrix copy(FloatMatrix values, Arena arena) {
        FloatMatrix matrix = FloatMatrix.allocate(arena, values.numRows(), values.numColumns());
        matrix.copyFrom(values);
        return matrix;
    }
}
