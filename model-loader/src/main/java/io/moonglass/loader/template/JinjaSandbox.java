package io.moonglass.loader.template;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.Importable;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.mode.ExecutionMode;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.output.RenderedOutputNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import jinjava.javax.el.ExpressionFactory;

/// Jinjava as Hugging Face sets up Jinja2 for chat templates, made safe and made strict.
///
/// Only what chat templates use is there; the rest of Jinjava's library (which could read files,
/// render text as a template or build huge strings in one call) is switched off, and a template that
/// asks for it gets an error. The first error of any severity ends the rendering.
final class JinjaSandbox {

    static final Set<String> FILTERS =
            Set.of(
                    "abs",
                    "capitalize",
                    "count",
                    "d",
                    "default",
                    "e",
                    "escape",
                    "first",
                    "float",
                    "int",
                    "items",
                    "join",
                    "last",
                    "length",
                    "list",
                    "lower",
                    "map",
                    "reject",
                    "rejectattr",
                    "replace",
                    "reverse",
                    "round",
                    "safe",
                    "select",
                    "selectattr",
                    "sort",
                    "string",
                    "title",
                    "tojson",
                    "trim",
                    "unique",
                    "upper");

    static final Set<String> TESTS =
            Set.of(
                    "!=",
                    "<",
                    "<=",
                    "==",
                    ">",
                    ">=",
                    "boolean",
                    "defined",
                    "divisibleby",
                    "eq",
                    "equalto",
                    "even",
                    "false",
                    "float",
                    "ge",
                    "greaterthan",
                    "gt",
                    "in",
                    "integer",
                    "iterable",
                    "le",
                    "lessthan",
                    "lower",
                    "lt",
                    "mapping",
                    "ne",
                    "none",
                    "number",
                    "odd",
                    "sameas",
                    "sequence",
                    "string",
                    "true",
                    "truthy",
                    "undefined",
                    "upper");

    private static final Set<String> TAGS =
            Set.of(
                    "break",
                    "continue",
                    "elif",
                    "else",
                    "endfor",
                    "endif",
                    "endmacro",
                    "endraw",
                    "endset",
                    "for",
                    "if",
                    "macro",
                    "raw",
                    "set");

    private static final Set<String> FUNCTIONS =
            Set.of(
                    ":namespace",
                    ":raise_exception",
                    ":range",
                    ":strftime_now",
                    "fn:immutable_list",
                    "fn:list",
                    "fn:map_entry");

    private final String templateName;
    private final Duration timeLimit;
    private final Jinjava jinjava = new PythonJinjava();
    private final Map<Context.Library, Set<String>> disabled;

    /// @param templateName for messages
    JinjaSandbox(String templateName, Duration timeLimit) {
        this.templateName = templateName;
        this.timeLimit = timeLimit;
        Context library = jinjava.getGlobalContext();
        this.disabled =
                Map.of(
                        Context.Library.FILTER, allBut(FILTERS, library.getAllFilters()),
                        Context.Library.EXP_TEST, allBut(TESTS, library.getAllExpTests()),
                        Context.Library.TAG, allBut(TAGS, library.getAllTags()),
                        Context.Library.FUNCTION, allBut(FUNCTIONS, library.getAllFunctions()));
        PythonFilters.all().forEach(jinjava::registerFilter);
        jinjava.registerTag(new PythonForTag());
        jinjava.registerTag(new GenerationTag());
        for (ELFunctionDefinition function : TemplateFunctions.definitions()) {
            jinjava.registerFunction(function);
        }
    }

    /// @param source as [TemplateSource] makes it
    /// @throws InvalidRequestException if the template raises an exception of its own
    /// @throws ModelFormatException    if it fails in any other way or breaks a limit
    String render(String source, Map<String, Object> variables) {
        // Every node looks at the clock; a thread of its own is for what happens inside of one.
        long deadline = System.nanoTime() + timeLimit.toNanos();
        FutureTask<String> rendering =
                new FutureTask<>(() -> renderHere(source, variables, deadline));
        Thread thread = Thread.ofPlatform().daemon().name("chat-template").start(rendering);
        try {
            return rendering.get(timeLimit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            thread.interrupt();
            throw failure(tooSlow(), e);
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while rendering a chat template", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case InvalidRequestException refusal -> throw refusal;
                case ModelFormatException failure -> throw failure;
                case StopRendering stop when stop.getCause() instanceof RuntimeException fault ->
                        throw fault;
                case StopRendering stop -> throw failure(stop.getMessage(), stop);
                case StackOverflowError overflow -> throw failure("nests too deeply", overflow);
                case OutOfMemoryError memory -> throw failure("takes too much memory", memory);
                default -> throw failure("fails: " + e.getCause(), e.getCause());
            }
        }
    }

    private String renderHere(String source, Map<String, Object> variables, long deadline) {
        JinjavaConfig config = config((node, interpreter) -> check(interpreter, deadline));
        RenderResult result = jinjava.renderForResult(source, variables, config);
        if (!result.getErrors().isEmpty()) {
            throw failure(result.getErrors().getFirst());
        }
        return result.getOutput();
    }

    /// Before every node.
    private void check(JinjavaInterpreter interpreter, long deadline) {
        if (!interpreter.getErrors().isEmpty()) {
            throw new StopRendering(failure(interpreter.getErrors().getFirst()));
        }
        if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
            throw new StopRendering(tooSlow());
        }
    }

    private RuntimeException failure(TemplateError error) {
        String what = error.getMessage();
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            switch (cause) {
                case RefusedByTemplate refusal -> {
                    return InvalidRequestException.invalidValue(
                            "messages",
                            "the model's chat template refuses the messages: "
                                    + refusal.getMessage());
                }
                // Ours, and clearer than what Jinjava wraps around them.
                case StopRendering limit -> what = limit.getMessage();
                case IllegalArgumentException misuse -> what = misuse.getMessage();
                default -> {}
            }
        }
        return failure(what, error.getException());
    }

    private String tooSlow() {
        return "takes more than %d ms".formatted(timeLimit.toMillis());
    }

    private ModelFormatException failure(String what, Throwable cause) {
        return new ModelFormatException(
                "%s: %s; want a template that renders any conversation"
                        .formatted(templateName, what),
                cause);
    }

    private JinjavaConfig config(BiConsumer<Node, JinjavaInterpreter> beforeEachNode) {
        return JinjavaConfig.newBuilder()
                .withNestedInterpretationEnabled(false)
                .withKeepTrailingNewline(true)
                .withEnableRecursiveMacroCalls(true)
                .withMaxMacroRecursionDepth(50)
                .withMaxOutputSize(PythonValues.MAX_LENGTH)
                .withMaxStringLength(PythonValues.MAX_LENGTH)
                .withMaxListSize(PythonValues.MAX_SIZE)
                .withMaxMapSize(PythonValues.MAX_SIZE)
                .withDisabled(disabled)
                .withExecutionMode(new PythonOutput())
                .withElResolver(new PythonResolver())
                .withProcessors(
                        JinjavaProcessors.newBuilder().withNodePreProcessor(beforeEachNode).build())
                .withLegacyOverrides(
                        LegacyOverrides.newBuilder()
                                .withEvaluateMapKeys(true)
                                .withIterateOverMapKeys(true)
                                .withUsePyishObjectMapper(true)
                                .withUseNaturalOperatorPrecedence(true)
                                .withParseWhitespaceControlStrictly(true)
                                .withAllowAdjacentTextNodes(true)
                                .withUseTrimmingForNotesAndExpressions(true)
                                .withKeepNullableLoopValues(true)
                                .withHandleBackslashInQuotesOnly(true)
                                .build())
                .build();
    }

    private static Set<String> allBut(Set<String> kept, Collection<? extends Importable> library) {
        return library.stream()
                .map(Importable::getName)
                .filter(name -> !kept.contains(name))
                .collect(Collectors.toSet());
    }

    /// What `{{ … }}` writes: the value as Python prints it, and nothing in it is interpreted again.
    private static final class PythonOutput implements ExecutionMode {

        @Override
        public void prepareContext(Context context) {
            context.setExpressionStrategy((expression, interpreter) ->
                    new RenderedOutputNode(
                            PythonValues.str(
                                    interpreter.resolveELExpression(
                                            expression.getExpr(), expression.getLineNumber()))));
        }
    }

    private static final class PythonJinjava extends Jinjava {

        private final ExpressionFactory expressions = new PythonExpressions();

        @Override
        public ExpressionFactory getExpressionFactory() {
            return expressions;
        }
    }
}
