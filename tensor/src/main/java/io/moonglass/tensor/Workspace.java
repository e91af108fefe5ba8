package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// Scratch memory of a step: matrices are taken one after another inside a frame and given back
/// together when the frame closes. Grows to what the largest step needed and stays there: what a
/// larger step had to add in pieces is one piece for the next, or steps that grow little by little
/// would each add pieces that no other can use. Contents are whatever was there before. One thread
/// takes and gives back; others may use what was taken.
public final class Workspace implements AutoCloseable {

    private static final long SLAB_BYTES = 8L << 20;

    private static final LongAdder BYTES_OF_ALL = new LongAdder();

    private final List<MemorySegment> slabs = new ArrayList<>();
    private Arena arena = Arena.ofShared();
    private int numFrames;
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

        /// Quantised rows with undefined contents, valid until the frame closes.
        public QuantizedRows quantized(int numRows, int numColumns) {
            return new QuantizedRows(
                    take(QuantizedRows.bytes(numRows, numColumns)), numRows, numColumns);
        }

        /// Queries that are zeros, valid until the frame closes.
        public HeadQueries headQueries(ElementType type, int rowSize) {
            MemorySegment data = take(HeadQueries.bytes(type, rowSize));
            data.fill((byte) 0);
            return new HeadQueries(data, type, rowSize);
        }

        /// Bytes with undefined contents, aligned as matrices are, valid until the frame closes.
        public MemorySegment bytes(long count) {
            return take(count);
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
            numFrames--;
        }
    }

    /// Frames nest: the last opened is the first closed.
    public Frame frame() {
        if (numFrames == 0 && slabs.size() > 1) {
            joinSlabs();
        }
        numFrames++;
        return new Frame();
    }

    /// Bytes held from the system.
    public long reservedBytes() {
        return reservedBytes;
    }

    /// Bytes that all workspaces of this process hold. Any thread.
    public static long bytesOfAll() {
        return BYTES_OF_ALL.sum();
    }

    @Override
    public void close() {
        release();
    }

    private void release() {
        arena.close();
        BYTES_OF_ALL.add(-reservedBytes);
    }

    /// Between steps, when nothing is in use.
    private void joinSlabs() {
        release();
        arena = Arena.ofShared();
        slabs.clear();
        long size = reservedBytes;
        reservedBytes = 0;
        addSlab(size);
    }

    private MemorySegment take(long bytes) {
        long rounded = (bytes + FloatMatrix.ALIGNMENT - 1) & -FloatMatrix.ALIGNMENT;
        while (slab < slabs.size() && used + rounded > slabs.get(slab).byteSize()) {
            slab++;
            used = 0;
        }
        if (slab == slabs.size()) {
            addSlab(Math.max(SLAB_BYTES, rounded));
        }
        MemorySegment taken = slabs.get(slab).asSlice(used, bytes);
        used += rounded;
        return taken;
    }

    private void addSlab(long size) {
        slabs.add(arena.allocate(size, FloatMatrix.ALIGNMENT));
        reservedBytes += size;
        BYTES_OF_ALL.add(size);
    }
}
