package io.moonglass.server.http;

import java.util.OptionalInt;

/// Reads how long a model may think before it answers.
final class ReasoningReader {

    private ReasoningReader() {}

    /// Tokens at most; empty for no limit of its own. A number beats a word.
    static OptionalInt budget(RequestFields fields) {
        OptionalInt tokens = fields.integer("thinking_token_budget", 0);
        if (tokens.isPresent()) {
            return tokens;
        }
        RequestFields reasoning = fields.object("reasoning").orElse(null);
        if (reasoning != null && reasoning.has("max_tokens")) {
            return reasoning.integer("max_tokens", 0);
        }
        if (reasoning != null && reasoning.has("effort")) {
            return ofEffort(reasoning, "effort");
        }
        return fields.has("reasoning_effort")
                ? ofEffort(fields, "reasoning_effort")
                : ofTemplateSettings(fields);
    }

    /// Efforts as numbers of tokens.
    static OptionalInt ofEffort(RequestFields fields, String key) {
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
