package io.moonglass.runtime.grammar;

import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.grammar.Expression.Finite;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import io.moonglass.runtime.grammar.Expression.Repetition;
import java.util.ArrayList;
import java.util.List;

/// Answers that call tools: lines of `<tool_call>{"name": "look", "arguments": {...}}</tool_call>`.
final class ToolCallRules {

    /// Calls in one answer: a model that goes on and on is stopped here.
    private static final int MAX_CALLS = 64;

    private static final Expression TEXT =
            Expression.anyNumberOf(new Expression.Characters(CodePoints.ALL));

    private ToolCallRules() {}

    static Rules of(
            Compilation compilation, List<CallableTool> tools, boolean required, boolean parallel) {
        if (tools.isEmpty()) {
            throw compilation.refused("no tool that could be called; send at least one");
        }
        if (tools.size() > compilation.limits().maxChoices()) {
            throw compilation.refused(
                    "%,d tools, the limit is %,d; send fewer"
                            .formatted(tools.size(), compilation.limits().maxChoices()));
        }
        Rules rules = new Rules(compilation, compilation.param());
        SchemaValues values = new SchemaValues(compilation);
        AnyJson any = new AnyJson(rules);
        List<Expression> options = new ArrayList<>();
        for (CallableTool tool : tools) {
            values.checkText(tool.name(), tool.param());
            options.add(
                    Expression.sequence(
                            new Literal(JsonText.quoted(tool.name())),
                            JsonText.COMMA,
                            new Literal("\"arguments\""),
                            JsonText.COLON,
                            arguments(rules, tool, any)));
        }
        Expression call =
                new Reference(
                        rules.add(
                                compilation.param(),
                                Expression.sequence(
                                        new Literal(ToolCall.OPENING + "{\"name\""),
                                        JsonText.COLON,
                                        new Expression.Alternatives(options),
                                        new Literal("}" + ToolCall.CLOSING))));
        Expression more = Expression.sequence(new Literal("\n"), call);
        Expression calls =
                Expression.sequence(call, new Repetition(more, 0, parallel ? MAX_CALLS - 1 : 0));
        rules.define(
                Rules.ROOT, required ? calls : Expression.either(calls, otherText(compilation)));
        return rules;
    }

    private static Expression arguments(Rules rules, CallableTool tool, AnyJson any) {
        if (tool.parameters() == null) {
            return any.object();
        }
        SchemaDocument document =
                new SchemaDocument(rules.compilation(), tool.parameters(), tool.param());
        return new SchemaCompiler(rules, document, any).compileObject();
    }

    /// Any text that does not begin as a call does.
    private static Expression otherText(Compilation compilation) {
        return new Finite(
                Products.difference(
                        compilation,
                        TEXT,
                        Expression.sequence(new Literal(ToolCall.OPENING), TEXT)));
    }
}
