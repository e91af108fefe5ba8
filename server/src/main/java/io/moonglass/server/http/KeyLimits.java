package io.moonglass.server.http;

import java.util.OptionalInt;

/// What one API key may use; empty where there is no limit.
///
/// @param requestsPerMinute a key that was idle may send as many at once
/// @param tokensPerMinute   of prompts and answers together
/// @param maxRunning        requests that are answered at once
public record KeyLimits(
        OptionalInt requestsPerMinute, OptionalInt tokensPerMinute, OptionalInt maxRunning) {

    public static final KeyLimits NONE =
            new KeyLimits(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

    /// These with one more, as it stands in a file of keys: `requests-per-minute`, `tokens-per-minute` or
    /// `max-running`.
    ///
    /// @throws IllegalArgumentException if there is no such limit, or it is set already
    KeyLimits with(String name, int value) {
        return switch (name) {
            case "requests-per-minute" ->
                    new KeyLimits(first(requestsPerMinute, value), tokensPerMinute, maxRunning);
            case "tokens-per-minute" ->
                    new KeyLimits(requestsPerMinute, first(tokensPerMinute, value), maxRunning);
            case "max-running" ->
                    new KeyLimits(requestsPerMinute, tokensPerMinute, first(maxRunning, value));
            default -> throw new IllegalArgumentException("no limit has this name");
        };
    }

    private static OptionalInt first(OptionalInt before, int value) {
        if (before.isPresent()) {
            throw new IllegalArgumentException("the limit is set twice");
        }
        return OptionalInt.of(value);
    }
}
