package io.moonglass.loader.safetensors;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// A matrix of which single rows are read, such as the embedding of tokens. It is read from its file and
/// not mapped: touching one row of a map would bring up to 2 MiB of neighbours into this process. What
/// the system keeps of the file in memory is not this process's. One thread at a time.
public final class RowFile implements AutoCloseable {

    private final String name;
    private final RandomAccessFile file; // no channel, which an interrupt would close
    private final long offset;
    private final int numRows;
    private final byte[] bytes;
    private final Arena arena = Arena.ofShared();
    private final WeightMatrix row;

    RowFile(Path path, StoredTensor tensor, int numRows, int numColumns) {
        ElementType type = tensor.matrix(numRows, numColumns).type();
        this.name = tensor.name();
        this.offset = tensor.offset();
        this.numRows = numRows;
        this.bytes = new byte[Math.multiplyExact(numColumns, type.bytes())];
        this.row = new WeightMatrix(arena.allocate(bytes.length, 64), type, 1, numColumns);
        try {
            this.file = new RandomAccessFile(path.toFile(), "r");
        } catch (IOException e) {
            arena.close();
            throw unreadable(tensor.file(), e);
        }
    }

    /// Reads one row as floats.
    ///
    /// @param out `[at least outRow + 1, numColumns]`
    /// @throws ModelFormatException if the file cannot be read any more
    public void read(int index, FloatMatrix out, int outRow) {
        if (index < 0 || index >= numRows) {
            throw new IllegalArgumentException(
                    "row %d of %s, which has %d".formatted(index, name, numRows));
        }
        try {
            file.seek(offset + (long) index * bytes.length);
            file.readFully(bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        MemorySegment.copy(bytes, 0, row.data(), ValueLayout.JAVA_BYTE, 0, bytes.length);
        Kernels.widenRow(row, 0, out, outRow);
    }

    @Override
    public void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        arena.close();
        try {
            file.close();
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    private static ModelFormatException unreadable(String what, IOException e) {
        return new ModelFormatException(
                "%s: cannot be read: %s; the file must stay where it is while the model is open"
                        .formatted(what, e.getMessage()),
                e);
    }
}
