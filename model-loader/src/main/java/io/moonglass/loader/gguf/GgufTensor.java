package io.moonglass.loader.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// One tensor of a GGUF file, mapped and read-only.
public final class GgufTensor {

    private final String name;
    private final GgmlType type;
    private final long[] shape;
    private final Path file;
    private final MemorySegment data;

    GgufTensor(String name, GgmlType type, long[] shape, Path file, MemorySegment data) {
        this.name = name;
        this.type = type;
        this.shape = shape;
        this.file = file;
        this.data = data;
    }

    public String name() {
        return name;
    }

    public GgmlType type() {
        return type;
    }

    /// Outermost dimension first, as elsewhere; the file lists them the other way round.
    public long[] shape() {
        return shape.clone();
    }

    /// Number of elements.
    public long size() {
        long size = 1; // was checked to fit when the file was opened
        for (long dimension : shape) {
            size *= dimension;
        }
        return size;
    }

    /// Elements of the innermost dimension, along which blocks run.
    public long rowLength() {
        return shape[shape.length - 1];
    }

    /// The file, or part of a split one, that it lies in.
    public Path file() {
        return file;
    }

    /// Exactly its bytes, row-major.
    public MemorySegment data() {
        return data;
    }

    /// Elements `[from, to)`, counted over the whole tensor, as floats. Any thread.
    ///
    /// @param from a multiple of the block's length, as is `to`
    /// @param at   index in `target` of the first
    /// @throws IndexOutOfBoundsException if they do not lie in the tensor, or not in `target`
    public void decode(long from, long to, float[] target, int at) {
        int length = type.blockLength();
        if (from % length != 0 || to % length != 0) {
            throw new IllegalArgumentException(
                    "elements [%d, %d) of %s; want multiples of a block's %d"
                            .formatted(from, to, name, length));
        }
        if (from < 0 || to < from || to - from > target.length - at || to > size()) {
            throw new IndexOutOfBoundsException(
                    "elements [%d, %d) of %s, which has %d, to %d of %d"
                            .formatted(from, to, name, size(), at, target.length));
        }
        type.decode(data, type.bytes(from), (int) ((to - from) / length), target, at);
    }
}
