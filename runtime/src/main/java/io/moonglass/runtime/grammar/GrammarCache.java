package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Compiled grammars that were asked for lately, so that equal ones are compiled once and share their states and masks.
/// Compiles on a few threads of its own, and the caller waits. Bounded by number; safe to use from any thread. What is
/// refused is not kept.
///
/// All methods ask now and then whether the caller has abandoned its request, and then throw
/// [java.util.concurrent.CancellationException].
public final class GrammarCache {

    private static final int MAX_GRAMMARS = 32; // some 20 MB each at most, a few hundred KB usually

    /// Everything that a grammar depends on.
    private record Key(String frontEnd, String text) {}

    private final GrammarLimits limits;
    private final LinkedHashMap<Key, Grammar> grammars = new LinkedHashMap<>(16, 0.75f, true);

    public GrammarCache(GrammarLimits limits) {
        this.limits = limits;
    }

    /// See [Grammar#jsonSchema(JsonNode, String, GrammarLimits)].
    public Grammar jsonSchema(JsonNode schema, String param, BooleanSupplier abandoned) {
        return get(
                "json_schema",
                SchemaDocument.text(new Compilation(param, limits), schema, param),
                () -> Grammar.jsonSchema(schema, param, limits),
                abandoned);
    }

    /// See [Grammar#jsonObject(GrammarLimits)].
    public Grammar jsonObject(BooleanSupplier abandoned) {
        return get("json_object", "", () -> Grammar.jsonObject(limits), abandoned);
    }

    /// See [Grammar#regex(String, String, GrammarLimits)].
    public Grammar regex(String pattern, String param, BooleanSupplier abandoned) {
        return get("regex", pattern, () -> Grammar.regex(pattern, param, limits), abandoned);
    }

    /// See [Grammar#choice(List, String, GrammarLimits)].
    public Grammar choice(List<String> texts, String param, BooleanSupplier abandoned) {
        StringBuilder key = new StringBuilder();
        texts.forEach(text -> key.append(text.length()).append(':').append(text));
        return get("choice", key.toString(), () -> Grammar.choice(texts, param, limits), abandoned);
    }

    /// See [Grammar#gbnf(String, String, GrammarLimits)].
    public Grammar gbnf(String grammar, String param, BooleanSupplier abandoned) {
        return get("gbnf", grammar, () -> Grammar.gbnf(grammar, param, limits), abandoned);
    }

    /// See [Grammar#toolCalls(List, boolean, boolean, String, GrammarLimits)].
    public Grammar toolCalls(
            List<CallableTool> tools,
            boolean required,
            boolean parallel,
            String param,
            BooleanSupplier abandoned) {
        StringBuilder key = new StringBuilder();
        key.append(required).append(parallel);
        for (CallableTool tool : tools) {
            key.append(tool.name().length()).append(':').append(tool.name());
            if (tool.parameters() != null) {
                Compilation compilation = new Compilation(tool.param(), limits);
                key.append(SchemaDocument.text(compilation, tool.parameters(), tool.param()));
            }
        }
        return get(
                "tool_calls",
                key.toString(),
                () -> Grammar.toolCalls(tools, required, parallel, param, limits),
                abandoned);
    }

    /// Compiles outside of the lock: two threads may do the same work, nobody waits for another's.
    private Grammar get(
            String frontEnd, String text, Supplier<Grammar> compile, BooleanSupplier abandoned) {
        Key key = new Key(frontEnd, text);
        synchronized (grammars) {
            Grammar present = grammars.get(key);
            if (present != null) {
                return present;
            }
        }
        Grammar compiled = CompilationThreads.run(compile, abandoned);
        synchronized (grammars) {
            Grammar present = grammars.putIfAbsent(key, compiled);
            if (grammars.size() > MAX_GRAMMARS) {
                grammars.pollFirstEntry();
            }
            return present == null ? compiled : present;
        }
    }
}
