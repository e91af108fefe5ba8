package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.clients.Logprobs;
import io.moonglass.runtime.TokenScore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Scores of tokens as OpenAI's dialects tell them.
public final class LogprobRecords {

    /// JSON has no infinity; a token that a model cannot choose is told as this.
    private static final double LEAST = -9_999;

    private LogprobRecords() {}

    public static Logprobs of(List<TokenScore> scores) {
        return new Logprobs(scores.stream().map(LogprobRecords::token).toList(), null);
    }

    private static Logprobs.Token token(TokenScore score) {
        return new Logprobs.Token(
                text(score),
                logprob(score),
                bytes(score),
                score.top().stream()
                        .map(top -> new Logprobs.Alternative(text(top), logprob(top), bytes(top)))
                        .toList());
    }

    /// For each token of the prompt null, or an object with an entry for it and for each likely one: by id, how
    /// likely it was, its rank and its text. The shape is vLLM's.
    public static JsonNode ofPrompt(List<Optional<TokenScore>> scores) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        for (Optional<TokenScore> score : scores) {
            if (score.isEmpty()) {
                all.addNull();
            } else {
                ObjectNode entry = all.addObject();
                put(entry, score.get());
                score.get().top().forEach(top -> put(entry, top));
            }
        }
        return all;
    }

    private static void put(ObjectNode entry, TokenScore score) {
        entry.putObject(Integer.toString(score.tokenId()))
                .put("logprob", logprob(score))
                .put("rank", score.rank())
                .put("decoded_token", text(score));
    }

    public static String text(TokenScore score) {
        return new String(score.bytes(), StandardCharsets.UTF_8);
    }

    public static double logprob(TokenScore score) {
        return Math.max(score.logprob(), LEAST);
    }

    private static List<Integer> bytes(TokenScore score) {
        byte[] bytes = score.bytes();
        return IntStream.range(0, bytes.length).mapToObj(i -> bytes[i] & 0xff).toList();
    }
}
