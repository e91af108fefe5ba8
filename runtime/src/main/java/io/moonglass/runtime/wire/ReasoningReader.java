package io.moonglass.runtime.wire;

import java.util.OptionalInt;

/// Reads how long a model may think before it answers.
public final class ReasoningReader {

    private ReasoningReader() {}

    /// Tokens at most; empty for no limit of its own. A number beats a word. All are read, so that a wrong one is told of
    /// where another wins.
    public static OptionalInt budget(RequestFields fields) {
        RequestFields reasoning = fields.object("reasoning").orElse(RequestFields.NONE);
        OptionalInt tokens = fields.integer("thinking_token_budget", 0);
        OptionalInt tokensWithin = reasoning.integer("max_tokens", 0);
        OptionalInt effortWithin = effort(reasoning, "effort");
        OptionalInt effort = effort(fields, "reasoning_effort");
        OptionalInt settings = ofTemplateSettings(fields);
        if (tokens.isPresent()) {
            return tokens;
        }
        if (tokensWithin.isPresent()) {
            return tokensWithin;
        }
        if (reasoning.has("effort")) {
            return effortWithin;
        }
        return fields.has("reasoning_effort") ? effort : settings;
    }

    private static OptionalInt effort(RequestFields fields, String key) {
        return fields.has(key) ? ofEffort(fields, key) : OptionalInt.empty();
    }

    /// Efforts as numbers of tokens.
    public static OptionalInt ofEffort(RequestFields fields, String key) {
        return switch (fields.requiredString(key)) {
            case "none" -> OptionalInt.of(0);
            case "minimal" -> OptionalInt.of(512);
            case "low" -> OptionalInt.of(2_048);
            case "medium" -> OptionalInt.of(8_192);
            case "high", "xhigh", "max" -> OptionalInt.empty();
            default ->
                    throw fields.wrong(
                            key, "\"none\", \"minimal\", \"low\", \"medium\" or \"high\"");
        };
    }

    /// Other servers' switch; templates take no other variables here.
    private static OptionalInt ofTemplateSettings(RequestFields fields) {
        RequestFields settings = fields.object("chat_template_kwargs").orElse(null);
        if (settings == null) {
            return OptionalInt.empty();
        }
        fields.value("chat_template_kwargs")
                .fieldNames()
                .forEachRemaining(name -> {
                    if (!name.equals("thinking") && !name.equals("enable_thinking")) {
                        throw settings.wrong(
                                name, "no variables but \"thinking\" and \"enable_thinking\"");
                    }
                });
        boolean thinks = settings.bool("thinking", true) && settings.bool("enable_thinking", true);
        return thinks ? OptionalInt.empty() : OptionalInt.of(0);
    }
}
