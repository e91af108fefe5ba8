package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.grammar.Expression.Finite;
import io.moonglass.runtime.grammar.Expression.Repetition;
import java.util.ArrayList;
import java.util.List;

/// Strings: by pattern, format and length, or several of them.
final class StringRules {

    private final Compilation compilation;
    private final SchemaValues values;

    StringRules(Compilation compilation, SchemaValues values) {
        this.compilation = compilation;
        this.values = values;
    }

    Expression string(JsonNode schema, String path) {
        List<Expression> conditions = new ArrayList<>();
        String pattern = values.text(schema, "pattern", path);
        if (pattern != null) {
            Expression matches = Regex.search(compilation, path + ".pattern", pattern);
            conditions.add(JsonText.spelt(matches));
        }
        String format = values.text(schema, "format", path);
        if (format != null) {
            String regex =
                    StringFormats.regex(format)
                            .orElseThrow(() ->
                                    values.wrong(
                                            path,
                                            "format",
                                            schema.get("format"),
                                            "supported are " + StringFormats.names()));
            conditions.add(JsonText.spelt(Regex.whole(compilation, path + ".format", regex)));
        }
        int min = values.atLeast(schema, "minLength", path);
        int max = values.atMost(schema, "maxLength", "minLength", path);
        boolean hasLength = min > 0 || max != Expression.UNBOUNDED;
        if (conditions.isEmpty()) {
            return JsonText.string(new Repetition(JsonText.CHARACTER, min, max));
        }
        if (hasLength) {
            conditions.add(new Repetition(JsonText.character(CodePoints.ALL), min, max));
        }
        Expression content = conditions.getFirst();
        for (Expression condition : conditions.subList(1, conditions.size())) {
            FiniteAutomaton both = Products.intersection(compilation, content, condition);
            if (!both.acceptsAnything()) {
                throw compilation.refusedAt(
                        path, "no string meets the pattern, format and length together");
            }
            content = new Finite(both);
        }
        return JsonText.string(content);
    }
}
