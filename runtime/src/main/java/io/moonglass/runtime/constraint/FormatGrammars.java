package io.moonglass.runtime.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.TokenMask;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.grammar.CallableTool;
import io.moonglass.runtime.grammar.Grammar;
import io.moonglass.runtime.grammar.GrammarCache;
import io.moonglass.runtime.grammar.GrammarLimits;
import io.moonglass.runtime.grammar.TokenMasks;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Masks of formats and of calls of tools, by grammars that are compiled once. Safe to use from any thread.
final class FormatGrammars {

    private static final String TOOLS = "tools";
    private static final int WARM_UP_ANSWERS = 32;
    private static final int WARM_UP_TOKENS = 64;

    /// So that answers differ.
    private static final int WARM_UP_STRIDE = 37;

    /// How long the schemas of one request's tools are tried that need not be followed.
    private static final Duration TRIAL_TIME = Duration.ofSeconds(4);

    private final GrammarCache grammars = new GrammarCache(GrammarLimits.standard());
    private final Tokenizer tokenizer;
    private final int vocabSize;
    private final Set<Integer> stopTokenIds;
    private TokenMasks masks;

    FormatGrammars(Tokenizer tokenizer, int vocabSize, Set<Integer> stopTokenIds) {
        this.tokenizer = tokenizer;
        this.vocabSize = vocabSize;
        this.stopTokenIds = stopTokenIds;
    }

    /// @return makes a mask for each answer
    /// @throws java.util.concurrent.CancellationException if the request is abandoned meanwhile
    /// @throws InvalidRequestException if a format or a strict tool's schema is none, or too large
    Supplier<TokenMask> of(AnswerFormat format, ToolUse tools, BooleanSupplier abandoned) {
        return switch (tools.choice()) {
            case ToolUse.Choice.Never() -> of(format, abandoned);
            case ToolUse.Choice.Required(List<String> names) ->
                    mask(calls(tools, tool -> names.contains(tool.name()), true, abandoned));
            case ToolUse.Choice.Auto() -> {
                if (!tools.isOffered()) {
                    yield of(format, abandoned);
                }
                if (format instanceof AnswerFormat.FreeText) {
                    yield mask(calls(tools, _ -> true, false, abandoned));
                }
                Supplier<TokenMask> text = of(format, abandoned);
                Supplier<TokenMask> calls = mask(calls(tools, _ -> true, true, abandoned));
                yield () -> new EitherMask(text.get(), calls.get());
            }
        };
    }

    private Supplier<TokenMask> of(AnswerFormat format, BooleanSupplier abandoned) {
        return switch (format) {
            case AnswerFormat.FreeText() -> () -> TokenMask.ALL;
            case AnswerFormat.JsonObject() -> mask(grammars.jsonObject(abandoned));
            case AnswerFormat.JsonSchema(JsonNode schema, String param) ->
                    mask(grammars.jsonSchema(schema, param, abandoned));
            case AnswerFormat.Regex(String pattern, String param) ->
                    mask(grammars.regex(pattern, param, abandoned));
            case AnswerFormat.Choice(List<String> texts, String param) ->
                    mask(grammars.choice(texts, param, abandoned));
            case AnswerFormat.Gbnf(String grammar, String param) ->
                    mask(grammars.gbnf(grammar, param, abandoned));
        };
    }

    /// Schemas of tools that are not strict are followed where the answer has to be a call, as far as they can be.
    ///
    /// @param required whether the answer is nothing but calls
    private Grammar calls(
            ToolUse tools, Predicate<Tool> callable, boolean required, BooleanSupplier abandoned) {
        List<Tool> called = tools.tools().stream().filter(callable).toList();
        boolean forced = !(tools.choice() instanceof ToolUse.Choice.Auto);
        if (!forced || called.stream().allMatch(Tool::strict)) {
            return calls(called, Tool::strict, required, tools.parallel(), abandoned);
        }
        try {
            return calls(called, _ -> true, required, tools.parallel(), abandoned);
        } catch (InvalidRequestException e) {
            Set<Tool> followed = followed(called, abandoned);
            return calls(called, followed::contains, required, tools.parallel(), abandoned);
        }
    }

    private Grammar calls(
            List<Tool> tools,
            Predicate<Tool> followed,
            boolean required,
            boolean parallel,
            BooleanSupplier abandoned) {
        List<CallableTool> calls =
                tools.stream()
                        .map(tool ->
                                new CallableTool(
                                        tool.name(),
                                        followed.test(tool) ? tool.parameters().orElse(null) : null,
                                        tool.param()))
                        .toList();
        return grammars.toolCalls(calls, required, parallel, TOOLS, abandoned);
    }

    /// The tools whose arguments are held to their schemas. Those that are not strict and cannot be followed, or not
    /// in time, are left to the model.
    private Set<Tool> followed(List<Tool> tools, BooleanSupplier abandoned) {
        long begin = System.nanoTime();
        Set<Tool> followed = new HashSet<>();
        for (Tool tool : tools) {
            boolean tries = System.nanoTime() - begin < TRIAL_TIME.toNanos();
            if (tool.strict() || tries && canBeFollowed(tool, abandoned)) {
                followed.add(tool);
            }
        }
        return followed;
    }

    private boolean canBeFollowed(Tool tool, BooleanSupplier abandoned) {
        try {
            tool.parameters()
                    .ifPresent(schema -> grammars.jsonSchema(schema, tool.param(), abandoned));
            return true;
        } catch (InvalidRequestException e) {
            return false;
        }
    }

    /// Makes what the first request would have to wait for, and has the code compiled that makes masks.
    void warmUp() {
        for (int answer = 0; answer < WARM_UP_ANSWERS; answer++) {
            TokenMask mask = mask(grammars.jsonObject(() -> false)).get();
            for (int i = 0; i < WARM_UP_TOKENS && !mask.isFinished(); i++) {
                mask.accept(TokenSet.nextFrom(mask.allowed(), answer * WARM_UP_STRIDE));
            }
        }
    }

    private Supplier<TokenMask> mask(Grammar grammar) {
        TokenMasks all = masks();
        return () -> all.begin(grammar);
    }

    /// Made for the first request that wants one.
    private synchronized TokenMasks masks() {
        if (masks == null) {
            try {
                masks = new TokenMasks(tokenizer, vocabSize, stopTokenIds);
            } catch (IllegalArgumentException e) { // the vocabulary cannot spell every text
                throw new InvalidRequestException(
                        InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                        "response_format",
                        "response_format: this model's vocabulary lacks single bytes, so its answers cannot be held to a form; want free text without tools");
            }
        }
        return masks;
    }
}
