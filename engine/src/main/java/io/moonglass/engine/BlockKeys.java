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
    private Digest last;
    private int numImageRows;

    /// Of a prompt's full blocks.
    BlockKeys(GenerationRequest request) {
        this.request = request;
        this.keys = new ArrayList<>();
        RequestScope scope = request.scope();
        this.last = new DigestBuilder().add(scope.tenant()).add(scope.cacheSalt()).build();
        extendTo(request.tokenIds().length, position -> request.tokenIds()[position]);
    }

    private BlockKeys(BlockKeys other) {
        this.request = other.request;
        this.keys = new ArrayList<>(other.keys);
        this.last = other.last;
        this.numImageRows = other.numImageRows;
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
            last = next(keys.size() * KvCache.BLOCK_SIZE, tokenId);
            keys.add(last);
        }
    }

    private Digest next(int firstPosition, IntUnaryOperator tokenId) {
        DigestBuilder digest = new DigestBuilder().add(last);
        int numPrompt = request.numPromptTokens();
        int firstImageRow = numImageRows;
        for (int i = 0; i < KvCache.BLOCK_SIZE; i++) {
            int position = firstPosition + i;
            boolean isPrompt = position < numPrompt;
            int id = tokenId.applyAsInt(position);
            digest.add(isPrompt ? id : id | GENERATED);
            numImageRows += isPrompt && request.isImage(position) ? 1 : 0;
        }
        addImages(digest, firstImageRow, numImageRows);
        return digest.build();
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
