package io.moonglass.runtime.answer;

import io.moonglass.engine.TokenLogprobs;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.TokenScore;
import java.util.List;
import java.util.stream.IntStream;

/// Log probabilities with the bytes of their tokens.
public record TokenScores(Tokenizer tokenizer) {

    public TokenScore of(int tokenId, TokenLogprobs logprobs) {
        int[] top = logprobs.topTokenIds();
        return new TokenScore(
                tokenId,
                bytes(tokenId),
                logprobs.logprob(),
                logprobs.rank(),
                IntStream.range(0, top.length)
                        .mapToObj(i -> alternative(top[i], logprobs.topLogprobs()[i], i + 1))
                        .toList());
    }

    private TokenScore alternative(int tokenId, float logprob, int rank) {
        return new TokenScore(tokenId, bytes(tokenId), logprob, rank, List.of());
    }

    /// The logits may have rows beyond the tokenizer's last token.
    private byte[] bytes(int tokenId) {
        return tokenId < tokenizer.vocabularySize() ? tokenizer.tokenBytes(tokenId) : new byte[0];
    }
}
