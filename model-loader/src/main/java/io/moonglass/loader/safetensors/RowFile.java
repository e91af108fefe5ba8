package io.moonglass.loader.safetensors;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.PanelMatrix;
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
public abstract sealed class RowFile implements AutoCloseable {

    private final String name;
    private final RandomAccessFile file; // no channel, which an interrupt would close
    private final long offset;
    private final int numRows;
    final int numColumns;
    private final byte[] bytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment unit;

    /// @param unitBytes of what is read at once, of which the tensor is made
    private RowFile(Path path, StoredTensor tensor, int numRows, int numColumns, int unitBytes) {
        this.name = tensor.name();
        this.offset = tensor.offset();
        this.numRows = numRows;
        this.numColumns = numColumns;
        this.bytes = new byte[unitBytes];
        this.unit = arena.allocate(unitBytes, FloatMatrix.ALIGNMENT);
        try {
            this.file = new RandomAccessFile(path.toFile(), "r");
        } catch (IOException e) {
            arena.close();
            throw unreadable(tensor.file(), e);
        }
    }

    /// Rows that are stored element after element.
    static RowFile ofElements(Path path, StoredTensor tensor, int numRows, int numColumns) {
        ElementType type = tensor.matrix(numRows, numColumns).type();
        return new Elements(path, tensor, type, numRows, numColumns);
    }

    /// Rows of quantised panels.
    static RowFile ofPanels(
            Path path,
            StoredTensor tensor,
            PackManifest.PanelShape shape,
            int numRows,
            int numColumns) {
        return new Panels(
                path, tensor, shape.over(tensor.data(), tensor.name(), numRows, numColumns));
    }

    /// Reads one row as floats.
    ///
    /// @param out `[at least outRow + 1, numColumns]`
    /// @throws ModelFormatException if the file cannot be read any more
    public final void read(int index, FloatMatrix out, int outRow) {
        if (index < 0 || index >= numRows || out.numColumns() != numColumns) {
            throw new IllegalArgumentException(
                    "row %d of %s, which is [%d, %d], into rows of %d"
                            .formatted(index, name, numRows, numColumns, out.numColumns()));
        }
        widen(index, out, outRow);
    }

    abstract void widen(int index, FloatMatrix out, int outRow);

    /// One of the equal parts of the tensor; valid until the next is read.
    final MemorySegment unit(int index) {
        try {
            file.seek(offset + (long) index * bytes.length);
            file.readFully(bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        MemorySegment.copy(bytes, 0, unit, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return unit;
    }

    @Override
    public final void close() {
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

    private static final class Elements extends RowFile {

        private final ElementType type;

        Elements(Path path, StoredTensor tensor, ElementType type, int numRows, int numColumns) {
            super(path, tensor, numRows, numColumns, Math.multiplyExact(numColumns, type.bytes()));
            this.type = type;
        }

        @Override
        void widen(int index, FloatMatrix out, int outRow) {
            Kernels.widenRow(new WeightMatrix(unit(index), type, 1, numColumns), 0, out, outRow);
        }
    }

    /// A row lies among the fifteen others of its panel.
    private static final class Panels extends RowFile {

        private final PanelMatrix whole;
        private final float[] row;

        Panels(Path path, StoredTensor tensor, PanelMatrix whole) {
            super(
                    path,
                    tensor,
                    whole.numRows(),
                    whole.numColumns(),
                    Math.toIntExact(whole.panelBytes()));
            this.whole = whole;
            this.row = new float[whole.numColumns()];
        }

        @Override
        void widen(int index, FloatMatrix out, int outRow) {
            int numRows = PanelMatrix.PANEL_ROWS;
            MemorySegment panel = unit(index / numRows);
            new PanelMatrix(panel, whole.type(), numRows, row.length)
                    .widenRow(index % numRows, row, 0);
            MemorySegment target = out.rows(outRow, 1).data();
            MemorySegment.copy(row, 0, target, ValueLayout.JAVA_FLOAT, 0, row.length);
        }
    }
}
