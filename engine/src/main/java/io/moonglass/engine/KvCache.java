package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// The paged cache: per token and layer the normalised latent and the rotated shared key, in blocks
/// of [#BLOCK_SIZE] tokens that hold all layers. A block's memory is taken from the system when it is
/// first used and kept for the next user. Engine thread only.
///
/// Source: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
/// PagedAttention".
public final class KvCache implements AutoCloseable {

    /// Tokens per block.
    public static final int BLOCK_SIZE = 32;

    private final Arena arena = Arena.ofShared();
    private final ElementType type;
    private final int numLayers;
    private final int rowSize;
    private final MemorySegment[] memory;
    private final ArrayDeque<Integer> freed = new ArrayDeque<>();
    private int numTouched;

    /// @param type      what rows are stored in
    /// @param numBlocks the most blocks that are ever in use at once
    public KvCache(TextConfig config, ElementType type, int numBlocks) {
        this.type = type;
        this.numLayers = config.numLayers();
        this.rowSize = config.cacheRowSize();
        this.memory = new MemorySegment[numBlocks];
    }

    /// Bytes of one block of a model.
    public static long blockBytes(TextConfig config, ElementType type) {
        return (long) config.numLayers() * BLOCK_SIZE * config.cacheRowSize() * type.bytes();
    }

    /// Blocks that hold this many tokens.
    public static int blocksFor(long numTokens) {
        return Math.toIntExact((numTokens + BLOCK_SIZE - 1) / BLOCK_SIZE);
    }

    /// What rows are stored in.
    ElementType type() {
        return type;
    }

    public int numBlocks() {
        return memory.length;
    }

    public int numFree() {
        return memory.length - numTouched + freed.size();
    }

    /// Bytes taken from the system so far.
    public long reservedBytes() {
        return numTouched * blockSize();
    }

    /// Gives the table blocks for `numTokens` tokens in all, or none if there are not enough.
    boolean tryReserve(BlockTable table, int numTokens) {
        int numMissing = blocksFor(numTokens) - table.numBlocks();
        if (numMissing > numFree()) {
            return false;
        }
        for (int i = 0; i < numMissing; i++) {
            table.add(take());
        }
        return true;
    }

    /// Takes all blocks back.
    void release(BlockTable table) {
        for (int i = 0; i < table.numBlocks(); i++) {
            freed.push(table.block(i));
        }
        table.clear();
    }

    /// All rows of one layer in a block: `[BLOCK_SIZE, cacheRowSize]`.
    WeightMatrix rows(int layer, int block) {
        long layerBytes = (long) BLOCK_SIZE * rowSize * type.bytes();
        return new WeightMatrix(
                memory[block].asSlice(layer * layerBytes, layerBytes), type, BLOCK_SIZE, rowSize);
    }

    @Override
    public void close() {
        arena.close();
    }

    private int take() {
        if (!freed.isEmpty()) {
            return freed.pop();
        }
        memory[numTouched] = arena.allocate(blockSize(), FloatMatrix.ALIGNMENT);
        return numTouched++;
    }

    private long blockSize() {
        return (long) numLayers * BLOCK_SIZE * rowSize * type.bytes();
    }
}
