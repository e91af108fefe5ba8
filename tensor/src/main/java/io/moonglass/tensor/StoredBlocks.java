package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A matrix as another engine's file stores it: row after row, block after block.
///
/// @param data       exactly its bytes, at any address; little-endian
/// @param numColumns a multiple of the stored block's length
public record StoredBlocks(MemorySegment data, BlockLayout layout, int numRows, int numColumns)
        implements BlockSource {

    static final ValueLayout.OfInt WORD =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public StoredBlocks {
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
    }

    @Override
    public void read(int row, int block, RowBlock into) {
        int parts = layout.length() / QuantizedRows.BLOCK_COLUMNS;
        long stored = (long) row * (numColumns / layout.length()) + block / parts;
        layout.read(data, stored * layout.bytes(), block % parts, into);
    }
}
