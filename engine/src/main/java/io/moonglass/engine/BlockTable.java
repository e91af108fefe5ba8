package io.moonglass.engine;

import java.util.Arrays;
import java.util.Objects;

/// Where one sequence's tokens lie in the cache: position p is row `p % BLOCK_SIZE` of block
/// `p / BLOCK_SIZE` of this table. Engine thread only.
final class BlockTable {

    private int[] blocks = new int[4];
    private int numBlocks;

    int numBlocks() {
        return numBlocks;
    }

    int block(int index) {
        return blocks[Objects.checkIndex(index, numBlocks)];
    }

    void add(int block) {
        if (numBlocks == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * numBlocks);
        }
        blocks[numBlocks++] = block;
    }

    void set(int index, int block) {
        blocks[Objects.checkIndex(index, numBlocks)] = block;
    }

    void clear() {
        numBlocks = 0;
    }
}
