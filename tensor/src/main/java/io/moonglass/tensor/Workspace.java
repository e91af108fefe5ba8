package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Scratch memory of a step: matrices are taken one after another inside a frame and given back
/// together when the frame closes. Grows to what the largest step needed and stays there. Contents
/// are whatever was there before. One thread takes and gives back; others may use what was taken.
public final class Workspace implements AutoCloseable {

    private static final long SLAB_BYTES = 8L << 20;

    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> slabs = new ArrayList<>();
    private int slab;
    private long used;
    private long reservedBytes;

    /// What was taken since it was opened; closing gives it back.
    public final class Frame implements AutoCloseable {
        private final int slabBefore = slab;
        private final long usedBefore = used;

        private Frame() {}

        /// A matrix with undefined contents, valid until the frame closes.
        public FloatMatrix matrix(int numRows, int numColumns) {
            long bytes = (long) numRows * numColumns * Float.BYTES;
            return new FloatMatrix(take(bytes), numRows, numColumns);
        }

        /// A matrix of zeros, valid until the frame closes.
        public FloatMatrix zeros(int numRows, int numColumns) {
            FloatMatrix matrix = matrix(numRows, numColumns);
            matrix.data().fill((byte) 0);
            return matrix;
        }

        @Override
        public void close() {
            slab = slabBefore;
            used = usedBefore;
        }
    }

    /// Frames nest: the last opened is the first closed.
    public Frame frame() {
        return new Frame();
    }

    /// Bytes held from the system.
    public long reservedBytes() {
        return reservedBytes;
    }

    @Override
    public void close() {
        arena.close();
    }

    private MemorySegment take(long bytes) {
        long rounded = (bytes + FloatMatrix.ALIGNMENT - 1) & -FloatMatrix.ALIGNMENT;
        while (slab < slabs.size() && used + rounded > slabs.get(slab).byteSize()) {
            slab++;
            used = 0;
        }
        if (slab == slabs.size()) {
            long size = Math.max(SLAB_BYTES, rounded);
            slabs.add(arena.allocate(size, FloatMatrix.ALIGNMENT));
            reservedBytes += size;
        }
        MemorySegment taken = slabs.get(slab).asSlice(used, bytes);
        used += rounded;
        return taken;
    }
}
