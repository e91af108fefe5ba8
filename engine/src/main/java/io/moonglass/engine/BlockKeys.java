package io.moonglass.engine;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/// What stands for the full blocks of one sequence: a digest of whose it is and of everything from the
/// first token to the block's last, pictures by their content. Generated tokens differ from the same
/// tokens in a prompt, because they attend in another form and have other bits.
final class BlockKeys {

    private static final int GENERATED = 1 << 31;

    private final GenerationRequest request;
    private final List<Digest> keys;
    private final Digest root;

    /// Of each block, the image rows before it.
    private final List<Integer> imageRows;

    /// Of a prompt's full blocks.
    BlockKeys(GenerationRequest request) {
        this.request = request;
        this.keys = new ArrayList<>();
        this.imageRows = new ArrayList<>(List.of(0));
        RequestScope scope = request.scope();
        this.root = new DigestBuilder().add(scope.tenant()).add(scope.cacheSalt()).build();
        extendTo(request.tokenIds().length, position -> request.tokenIds()[position]);
    }

    private BlockKeys(BlockKeys other) {
        this.request = other.request;
        this.keys = new ArrayList<>(other.keys);
        this.imageRows = new ArrayList<>(other.imageRows);
        this.root = other.root;
    }

    BlockKeys copy() {
        return new BlockKeys(this);
    }

    /// Full blocks that have a key.
    int size() {
        return keys.size();
    }

    Digest get(int block) {
        return keys.get(block);
    }

    /// Makes the keys of all full blocks of the first `numTokens` tokens.
    void extendTo(int numTokens, IntUnaryOperator tokenId) {
        while ((keys.size() + 1) * KvCache.BLOCK_SIZE <= numTokens) {
            int block = keys.size();
            keys.add(key(block, KvCache.BLOCK_SIZE, tokenId));
            int more = numImages(block * KvCache.BLOCK_SIZE, KvCache.BLOCK_SIZE);
            imageRows.add(imageRows.get(block) + more);
        }
    }

    /// What stands for the first tokens of a prompt's block.
    ///
    /// @param block at most [#size()]
    Digest part(int block, int numTokens) {
        return key(block, numTokens, position -> request.tokenIds()[position]);
    }

    private Digest key(int block, int numTokens, IntUnaryOperator tokenId) {
        DigestBuilder digest = new DigestBuilder().add(block == 0 ? root : keys.get(block - 1));
        int first = block * KvCache.BLOCK_SIZE;
        for (int position = first; position < first + numTokens; position++) {
            int id = tokenId.applyAsInt(position);
            digest.add(position < request.numPromptTokens() ? id : id | GENERATED);
        }
        int from = imageRows.get(block);
        addImages(digest, from, from + numImages(first, numTokens));
        return digest.build();
    }

    private int numImages(int first, int numTokens) {
        int end = Math.min(first + numTokens, request.numPromptTokens());
        int count = 0;
        for (int position = first; position < end; position++) {
            count += request.isImage(position) ? 1 : 0;
        }
        return count;
    }

    /// Which rows of which pictures stand for a block's image tokens.
    private void addImages(DigestBuilder digest, int from, int to) {
        int first = 0;
        for (PromptImage image : request.images()) {
            int end = first + image.rows().numRows();
            if (first < to && from < end) {
                digest.add(image.content()).add(Math.max(from, first) - first);
            }
            first = end;
        }
    }
}
