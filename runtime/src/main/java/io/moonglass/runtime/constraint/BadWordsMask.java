package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;
import java.util.List;

/// Keeps sequences of tokens out of an answer: where one is there but for its last token, that token may not come.
final class BadWordsMask implements TokenMask {

    private final List<int[]> words;
    private final long[] all;
    private final int[] last;
    private int numLast;

    /// @param words none empty
    BadWordsMask(List<int[]> words, int vocabSize) {
        this.words = words;
        this.all = TokenSet.all(vocabSize);
        this.last = new int[words.stream().mapToInt(word -> word.length).max().orElse(1)];
    }

    @Override
    public long[] allowed() {
        long[] allowed = all.clone();
        for (int[] word : words) {
            if (endsWithBeginningOf(word)) {
                TokenSet.remove(allowed, word[word.length - 1]);
            }
        }
        return allowed;
    }

    private boolean endsWithBeginningOf(int[] word) {
        int length = word.length - 1;
        if (numLast < length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (last[numLast - length + i] != word[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void accept(int tokenId) {
        if (numLast == last.length) {
            System.arraycopy(last, 1, last, 0, --numLast);
        }
        last[numLast++] = tokenId;
    }

    @Override
    public boolean isFinished() {
        return false;
    }
}
