package io.moonglass.loader.gguf;

import io.moonglass.loader.fault.ModelFormatException;
import java.util.Arrays;

/// The tensors of a file, looked up by what the file's keys make of them.
final class StoredTensors {

    private final GgufFile file;

    StoredTensors(GgufFile file) {
        this.file = file;
    }

    boolean has(String name) {
        return file.tensor(name).isPresent();
    }

    /// A tensor that is one of the checkpoint's.
    FoundTensor.Joined whole(String name, long[] shape) {
        return FoundTensor.Joined.of(shape, FoundTensor.Piece.whole(tensor(name, shape)));
    }

    /// Files may join dimensions that lie together, but rows that are multiplied are always those of the checkpoint.
    ///
    /// @throws ModelFormatException if it is not there or has another shape
    GgufTensor tensor(String name, long... shape) {
        GgufTensor tensor =
                file.tensor(name)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        "%s: no tensor %s, though its keys ask for it; take a whole file"
                                                .formatted(file.path().getFileName(), name)));
        long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        boolean isMatrix = shape.length == 2 || name.contains("_exps") || name.contains("_b.");
        boolean sameRows = !isMatrix || tensor.rowLength() == shape[shape.length - 1];
        if (tensor.size() != size || !sameRows) {
            throw new ModelFormatException(
                    "%s: tensor %s is %s, its keys make it %s; take another file"
                            .formatted(
                                    file.path().getFileName(),
                                    name,
                                    Arrays.toString(tensor.shape()),
                                    Arrays.toString(shape)));
        }
        return tensor;
    }
}
