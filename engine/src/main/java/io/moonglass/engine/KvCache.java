package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ByteRows;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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
    private final CacheType type;
    private final int numLayers;
    private final int rowSize;
    private final MemorySegment[] memory;
    private final BlockPool pool;
    private final boolean keeps;

    /// @param type      what rows are stored in
    /// @param numBlocks the most blocks that are ever in use at once
    /// @param keeps     whether prompts find what earlier ones computed
    public KvCache(TextConfig config, CacheType type, int numBlocks, boolean keeps) {
        this.keeps = keeps;
        this.type = type;
        this.numLayers = config.numLayers();
        this.rowSize = config.cacheRowSize();
        this.memory = new MemorySegment[numBlocks];
        this.pool = new BlockPool(numBlocks);
    }

    /// Bytes of one block of a model.
    public static long blockBytes(TextConfig config, CacheType type) {
        return (long) config.numLayers() * BLOCK_SIZE * type.rowBytes(config.cacheRowSize());
    }

    /// Blocks that hold this many tokens.
    public static int blocksFor(long numTokens) {
        return Math.toIntExact((numTokens + BLOCK_SIZE - 1) / BLOCK_SIZE);
    }

    /// Whether prompts find what earlier ones computed.
    boolean keeps() {
        return keeps;
    }

    /// What rows are read in.
    ElementType type() {
        return type.attended();
    }

    public int numBlocks() {
        return pool.numBlocks();
    }

    /// Blocks that no sequence uses; what some of them hold may be found again.
    public int numFree() {
        return pool.numFree();
    }

    /// Of the free blocks, those that may be found again.
    int numKept() {
        return pool.numKept();
    }

    /// Bytes taken from the system so far.
    public long reservedBytes() {
        return pool.numTouched() * blockSize();
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

    /// The same for a table whose tokens from `firstWritten` on will be written: if others use the block that
    /// they begin in, it is copied first.
    boolean tryReserve(BlockTable table, int firstWritten, int numTokens) {
        int first = firstWritten / BLOCK_SIZE;
        boolean copies = first < table.numBlocks() && pool.isShared(table.block(first));
        int numMissing = Math.max(0, blocksFor(numTokens) - table.numBlocks());
        if (numMissing + (copies ? 1 : 0) > numFree()) {
            return false;
        }
        if (copies) {
            int copy = take();
            memory[copy].copyFrom(memory[table.block(first)]);
            pool.leave(table.block(first));
            table.set(first, copy);
        }
        return tryReserve(table, numTokens);
    }

    /// Takes all blocks back. The last ones are the first whose room is used again: without those before
    /// them they are of no use.
    void release(BlockTable table) {
        for (int i = table.numBlocks() - 1; i >= 0; i--) {
            pool.leave(table.block(i));
        }
        table.clear();
    }

    /// Gives the table the blocks of another one, to read.
    void share(BlockTable from, BlockTable table, int numBlocks) {
        for (int i = 0; i < numBlocks; i++) {
            pool.share(from.block(i));
            table.add(from.block(i));
        }
    }

    /// Takes what other sequences have computed of this one's next blocks, in place of blocks of its own.
    ///
    /// @param numCached tokens that it has, a whole number of blocks
    /// @param most      tokens that it may have afterwards
    /// @return tokens that it has now
    int adopt(BlockTable table, BlockKeys keys, int numCached, int most) {
        int block = numCached / BLOCK_SIZE;
        while (block < keys.size() && (block + 1) * BLOCK_SIZE <= most) {
            int found = pool.find(keys.get(block));
            if (found < 0) {
                break;
            }
            pool.share(found);
            if (block < table.numBlocks()) {
                pool.leave(table.block(block));
                table.set(block, found);
            } else {
                table.add(found);
            }
            block++;
        }
        return block * BLOCK_SIZE;
    }

    /// Fills one of the table's own blocks with what others have computed of its first tokens.
    ///
    /// @param numPrompt tokens of the block that the prompt has
    /// @param most      tokens of the block that the sequence may have
    /// @return tokens of the block that it has now
    int adoptPart(BlockTable table, BlockKeys keys, int block, int numPrompt, int most) {
        for (int count = numPrompt; count > 0; count--) {
            int found = pool.find(keys.part(block, count));
            if (found >= 0) {
                memory[table.block(block)].copyFrom(memory[found]);
                return Math.min(count, most);
            }
        }
        return 0;
    }

    /// Lets others find the first tokens of a block, behind which the sequence goes on writing.
    void publishPart(BlockTable table, BlockKeys keys, int block, int numTokens) {
        pool.publish(table.block(block), keys.part(block, numTokens));
    }

    /// Lets others find the blocks that a sequence filled.
    ///
    /// @param from first block
    /// @param to   block after the last
    void publish(BlockTable table, BlockKeys keys, int from, int to) {
        for (int block = from; block < to; block++) {
            pool.publish(table.block(block), keys.get(block));
        }
    }

    /// Forgets what earlier prompts computed and no sequence uses now.
    ///
    /// @return how many blocks that were
    int forgetKept() {
        return pool.forgetKept();
    }

    /// Stores a token's row. Any thread, while others store others.
    ///
    /// @param row of the block
    void put(int layer, int block, int row, FloatMatrix values, int valuesRow) {
        switch (type) {
            case F32, BF16 -> Kernels.narrowRow(values, valuesRow, matrix(layer, block), row);
            case Q8 -> Kernels.narrowRow(values, valuesRow, bytes(layer, block), row);
        }
    }

    /// The first rows of one layer in a block: `[count, cacheRowSize]`.
    ///
    /// @param scratch `[BLOCK_SIZE, cacheRowSize]`; what is returned may lie there
    WeightMatrix rows(int layer, int block, int count, WeightMatrix scratch) {
        return switch (type) {
            case F32, BF16 -> matrix(layer, block).rows(0, count);
            case Q8 -> {
                WeightMatrix rows = scratch.rows(0, count);
                Kernels.widenRows(bytes(layer, block), rows);
                yield rows;
            }
        };
    }

    /// Memory for [#rows].
    WeightMatrix scratch(Workspace.Frame frame) {
        long bytes = (long) BLOCK_SIZE * rowSize * type().bytes();
        return new WeightMatrix(frame.bytes(bytes), type(), BLOCK_SIZE, rowSize);
    }

    private WeightMatrix matrix(int layer, int block) {
        return new WeightMatrix(stored(layer, block), type(), BLOCK_SIZE, rowSize);
    }

    private ByteRows bytes(int layer, int block) {
        return new ByteRows(stored(layer, block), BLOCK_SIZE, rowSize);
    }

    /// The rows of one layer in a block, as they are stored.
    MemorySegment stored(int layer, int block) {
        long layerBytes = BLOCK_SIZE * type.rowBytes(rowSize);
        return memory[block].asSlice(layer * layerBytes, layerBytes);
    }

    @Override
    public void close() {
        arena.close();
    }

    private int take() {
        int block = pool.take();
        try {
            if (memory[block] == null) {
                memory[block] = arena.allocate(blockSize(), FloatMatrix.ALIGNMENT);
            }
            return block;
        } catch (RuntimeException
                | Error e) { // the system has no memory, though the cache has room
            pool.leave(block);
            throw e;
        }
    }

    private long blockSize() {
        return (long) numLayers * BLOCK_SIZE * type.rowBytes(rowSize);
    }
}
