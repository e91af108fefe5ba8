package io.moonglass.vision;

import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.vision.moonvit.NativeVisionEncoder;
import io.moonglass.vision.onnx.OnnxVisionEncoder;
import java.nio.file.Path;

/// What MoonViT runs on.
public enum VisionBackend {
    /// Our own kernels, from the checkpoint's mapped weights.
    NATIVE,

    /// ONNX Runtime, from a float32 copy of the weights. Its classes and libraries are loaded only
    /// if this is asked for.
    ONNX;

    /// Opens a checkpoint's encoder.
    ///
    /// @param checkpoint        stays open as long as the encoder
    /// @param workDirectory     where ONNX Runtime's files are written; made if it is not there
    /// @param numThreads        threads of one picture, the calling one included
    /// @param withIntermediates keep what [VisionEncoder#encodeWithIntermediates] gives out
    /// @throws io.moonglass.loader.fault.ConfigException if the checkpoint has no vision part, or the
    ///     folder cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if a tensor is missing or misshapen
    public VisionEncoder open(
            Checkpoint checkpoint, Path workDirectory, int numThreads, boolean withIntermediates) {
        return switch (this) {
            case NATIVE -> NativeVisionEncoder.load(checkpoint, numThreads);
            case ONNX ->
                    OnnxVisionEncoder.load(
                            checkpoint, workDirectory, numThreads, withIntermediates);
        };
    }
}
