package io.moonglass.runtime.constraint;

import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.answer.Reasoning;
import java.nio.charset.StandardCharsets;

/// The tokens with which a model begins and ends its reasoning. Immutable.
final class ReasoningTokens {

    private static final byte[] CLOSING = Reasoning.CLOSING.getBytes(StandardCharsets.UTF_8);

    private final Tokenizer tokenizer;
    private final int vocabSize;
    private final int[] opening;
    private final int[] closing;
    private final long[] whileReasoning;

    ReasoningTokens(Tokenizer tokenizer, int vocabSize) {
        this.tokenizer = tokenizer;
        this.vocabSize = vocabSize;
        this.opening = tokenizer.encodeOrdinary(Reasoning.OPENING);
        this.closing = tokenizer.encodeOrdinary(Reasoning.CLOSING);
        this.whileReasoning = whileReasoning(tokenizer, vocabSize);
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    int[] opening() {
        return opening;
    }

    int[] closing() {
        return closing;
    }

    /// Nothing but one token.
    long[] only(int tokenId) {
        long[] set = new long[Math.ceilDiv(vocabSize, 64)];
        TokenSet.add(set, tokenId);
        return set;
    }

    /// Everything that does not end the reasoning and goes on: what comes after it is held to something else, from
    /// its first byte on.
    long[] whileReasoning() {
        return whileReasoning;
    }

    private static long[] whileReasoning(Tokenizer tokenizer, int vocabSize) {
        long[] set = TokenSet.all(vocabSize);
        for (int id = 0; id < Math.min(vocabSize, tokenizer.vocabularySize()); id++) {
            if (tokenizer.isSpecial(id) || goesOnAfterClosing(tokenizer.tokenBytes(id))) {
                TokenSet.remove(set, id);
            }
        }
        return set;
    }

    /// Whether an end of the closing marker, or all of it, stands in a token before other bytes.
    private static boolean goesOnAfterClosing(byte[] token) {
        for (int end = 1; end < token.length; end++) {
            int length = Math.min(end, CLOSING.length);
            boolean matches = true;
            for (int i = 0; i < length && matches; i++) {
                matches = token[end - length + i] == CLOSING[CLOSING.length - length + i];
            }
            if (matches) {
                return true;
            }
        }
        return false;
    }
}
