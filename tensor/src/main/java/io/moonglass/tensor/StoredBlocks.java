package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A matrix as another engine's file stores it: row after row, block after block.
public final class StoredBlocks implements BlockSource {

    static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final MemorySegment data;
    final BlockLayout layout;
    private final int numRows;
    private final int numColumns;
    private final int parts;
    private final long rowBytes;

    /// @param data       exactly its bytes, at any address; little-endian
    /// @param numColumns a multiple of the stored block's length
    public StoredBlocks(MemorySegment data, BlockLayout layout, int numRows, int numColumns) {
        long bytes = (long) numRows * (numColumns / layout.length()) * layout.bytes();
        boolean isWhole = numRows > 0 && numColumns > 0 && numColumns % layout.length() == 0;
        if (!isWhole || data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "weight [%d, %d] in %s of %d bytes; want %d bytes and columns in blocks of %d"
                            .formatted(
                                    numRows,
                                    numColumns,
                                    layout,
                                    data.byteSize(),
                                    bytes,
                                    layout.length()));
        }
        this.data = data;
        this.layout = layout;
        this.numRows = numRows;
        this.numColumns = numColumns;
        this.parts = layout.length() / QuantizedRows.BLOCK_COLUMNS;
        this.rowBytes = (long) (numColumns / layout.length()) * layout.bytes();
    }

    @Override
    public int numRows() {
        return numRows;
    }

    @Override
    public int numColumns() {
        return numColumns;
    }

    @Override
    public int offset() {
        return layout.offset();
    }

    @Override
    public void read(int row, int block, RowBlock into) {
        int stored = parts == 1 ? block : block / parts; // a division takes as long as all the rest
        layout.read(
                data,
                row * rowBytes + (long) stored * layout.bytes(),
                block - stored * parts,
                into);
    }
}
