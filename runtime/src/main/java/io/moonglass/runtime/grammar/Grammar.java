package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A language that an answer can be held to, compiled from what a caller asked for. [TokenMasks] makes masks of it.
///
/// Answers are UTF-8: half a character is never the end of one. Whatever has been generated, a sentence can still be
/// completed; a sentence that cannot go on [ends][io.moonglass.engine.TokenMask#isFinished()] without a stop token.
///
/// Compiling takes as long as [GrammarLimits#compileTime()] at most; [GrammarCache] has threads for it. All methods throw
/// [io.moonglass.loader.fault.InvalidRequestException], which names the part at fault, where the grammar is wrong, no
/// answer meets it, it asks for what is not supported, or it goes beyond its limits. Immutable but for states that are
/// remembered (some 8 MB at most); safe to use from any thread.
public final class Grammar {

    private final Automaton automaton;

    private Grammar(Automaton automaton) {
        this.automaton = automaton;
    }

    /// Answers that are one JSON value, valid by a JSON Schema of draft 2020-12, spelt compactly. Keywords that change
    /// what is valid and are not supported are refused.
    ///
    /// @param param the request's field that holds the schema, for messages
    public static Grammar jsonSchema(JsonNode schema, String param, GrammarLimits limits) {
        Compilation compilation = new Compilation(param, limits);
        Rules rules = new Rules(compilation, param);
        SchemaDocument document = new SchemaDocument(compilation, schema, param);
        SchemaCompiler compiler = new SchemaCompiler(rules, document, new AnyJson(rules));
        rules.define(Rules.ROOT, compiler.compile());
        return of(rules);
    }

    /// Answers that are any one JSON object.
    public static Grammar jsonObject(GrammarLimits limits) {
        Rules rules = new Rules(new Compilation("response_format", limits), "response_format");
        rules.define(Rules.ROOT, new AnyJson(rules).object());
        return of(rules);
    }

    /// Answers that match a regular expression as a whole: what ECMA-262 and RE2 have in common, without look-around,
    /// back references and word boundaries.
    ///
    /// @param param the request's field that holds the pattern, for messages
    public static Grammar regex(String pattern, String param, GrammarLimits limits) {
        Compilation compilation = new Compilation(param, limits);
        return of(Rules.of(compilation, Regex.whole(compilation, param, pattern)));
    }

    /// Answers that are one of some texts.
    ///
    /// @param param the request's field that holds the texts, for messages
    public static Grammar choice(List<String> texts, String param, GrammarLimits limits) {
        Compilation compilation = new Compilation(param, limits);
        if (texts.isEmpty() || texts.size() > limits.maxChoices()) {
            throw compilation.refused(
                    "%,d texts; want 1 to %,d".formatted(texts.size(), limits.maxChoices()));
        }
        compilation.checkLength(texts.stream().mapToLong(String::length).sum());
        SchemaValues values = new SchemaValues(compilation);
        for (int i = 0; i < texts.size(); i++) {
            values.checkText(texts.get(i), "%s[%d]".formatted(param, i));
        }
        List<Expression> literals = texts.stream().map(Expression::literal).toList();
        return of(Rules.of(compilation, new Expression.Alternatives(literals)));
    }

    /// Answers that meet a grammar in GBNF, llama.cpp's notation; its rule `root` is the whole answer. Left recursion
    /// is refused.
    ///
    /// @param param the request's field that holds the grammar, for messages
    public static Grammar gbnf(String grammar, String param, GrammarLimits limits) {
        return of(GbnfParser.parse(new Compilation(param, limits), grammar));
    }

    /// Answers that call tools, a call in each line: `<tool_call>{"name": "look", "arguments": {...}}</tool_call>`.
    ///
    /// @param tools    those that may be called
    /// @param required whether there has to be a call; else an answer that does not begin with `<tool_call>` is any text
    /// @param parallel whether there may be more than one call, up to 64
    /// @param param    the request's field that holds the tools, for messages
    public static Grammar toolCalls(
            List<CallableTool> tools,
            boolean required,
            boolean parallel,
            String param,
            GrammarLimits limits) {
        return of(ToolCallRules.of(new Compilation(param, limits), tools, required, parallel));
    }

    private static Grammar of(Rules rules) {
        return new Grammar(Automaton.of(rules));
    }

    Automaton automaton() {
        return automaton;
    }
}
