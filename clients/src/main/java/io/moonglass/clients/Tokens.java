package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// A text or conversation as the model's tokens.
///
/// @param maxModelLen most tokens that prompt and answer may have together
/// @param tokens      their ids
@JsonNaming(SnakeCaseStrategy.class)
public record Tokens(int count, int maxModelLen, List<Integer> tokens) {

    public Tokens {
        tokens = List.copyOf(tokens);
    }
}
