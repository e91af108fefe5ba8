package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;
import io.moonglass.loader.tokenizer.StreamingDecoder;
import io.moonglass.runtime.answer.Reasoning;
import java.util.OptionalInt;

/// Lets a model think first, as it likes but not longer than it may, and holds what comes then to another mask.
final class ReasoningMask implements TokenMask {

    private final ReasoningTokens tokens;
    private final TokenMask answer;
    private final OptionalInt most;
    private final StreamingDecoder decoder;
    private final Reasoning reasoning = Reasoning.watched();
    private int[] forced;
    private int numForced;
    private int numTokens;
    private boolean isAnswer;

    /// @param answer of what comes after the reasoning
    /// @param most   tokens of reasoning; with 0 it is closed at once
    ReasoningMask(ReasoningTokens tokens, TokenMask answer, OptionalInt most) {
        this.tokens = tokens;
        this.answer = answer;
        this.most = most;
        this.decoder = tokens.tokenizer().streamingDecoder(true);
        this.forced = tokens.opening();
    }

    @Override
    public long[] allowed() {
        if (numForced < forced.length) {
            return tokens.only(forced[numForced]);
        }
        return isAnswer ? answer.allowed() : tokens.whileReasoning();
    }

    @Override
    public void accept(int tokenId) {
        if (isAnswer) {
            answer.accept(tokenId);
            return;
        }
        boolean wasForced = numForced < forced.length;
        numForced += wasForced ? 1 : 0;
        numTokens += wasForced ? 0 : 1;
        reasoning.push(decoder.push(tokenId));
        if (numForced < forced.length) {
            return;
        }
        if (!reasoning.isOpen()) {
            isAnswer = true;
        } else if (most.isPresent() && numTokens >= most.getAsInt()) {
            forced = tokens.closing();
            numForced = 0;
        }
    }

    @Override
    public boolean isFinished() {
        return isAnswer && answer.isFinished();
    }
}
