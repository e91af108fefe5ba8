package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.ToolUse.Choice;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.FormatReader;
import io.moonglass.runtime.wire.ReasoningReader;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.runtime.wire.ToolsReader;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/// Calls of `POST /v1/messages` and `POST /v1/messages/count_tokens`. Unknown fields are accepted; what would change the
/// answer and is not built is refused.
///
/// Source: the types of Anthropic's client for JavaScript, `resources/messages`.
final class AnthropicCall implements Dialect {

    private static final String CHOICES = "\"auto\", \"any\", \"tool\" or \"none\"";

    private final String requestId;

    AnthropicCall(String requestId) {
        this.requestId = requestId;
    }

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files) {
        RequestFields fields = RequestFields.of("", body);
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "logprobs", "top_logprobs", "prompt_logprobs"));
        AnswerFormat format = format(fields);
        Prompt.Conversation prompt = prompt(fields, files);
        if (!fields.has("max_tokens")) {
            throw fields.wrong("max_tokens", "an integer from 1 up");
        }
        AnswerOptions answer =
                SamplingReader.answer(fields, model, "stop_sequences")
                        .format(format)
                        .maxTokens(fields.integer("max_tokens", 1))
                        .reasoningTokens(reasoningTokens(fields))
                        .build();
        ChatRequest chat =
                new ChatRequest(prompt, answer, SamplingReader.scope(fields, caller.tenant()));
        return new Question(
                new Call(chat, 1, SamplingReader.timeout(fields), fields.bool("stream", false)),
                new AnthropicReply(requestId, model.name(), showsThinking(fields)));
    }

    /// What the prompt of such a call amounts to.
    static PromptSize measure(
            JsonNode body, ChatModel model, RequestFiles files, BooleanSupplier abandoned) {
        RequestFields fields = RequestFields.of("", body);
        return model.measure(prompt(fields, files), format(fields), abandoned);
    }

    private static Prompt.Conversation prompt(RequestFields fields, RequestFiles files) {
        for (String key : List.of("mcp_servers", "container")) {
            JsonNode value = fields.value(key);
            if (fields.has(key) && !(value.isContainerNode() && value.isEmpty())) {
                throw ChatCallReader.unsupported(
                        fields,
                        key,
                        "this server runs no tools itself; want functions of your own");
            }
        }
        return new Prompt.Conversation(AnthropicTurnsReader.read(fields, files), tools(fields));
    }

    private static ToolUse tools(RequestFields fields) {
        List<Tool> tools =
                fields.objectsIfAny("tools", ToolsReader.MAX_TOOLS).stream()
                        .map(AnthropicCall::tool)
                        .toList();
        ToolsReader.checked(tools, fields, "tools");
        RequestFields choice = fields.object("tool_choice").orElse(RequestFields.NONE);
        Choice chosen =
                switch (choice.string("type").orElse("auto")) {
                    case "tool" ->
                            ToolsReader.required(
                                    List.of(choice.requiredString("name")), tools, choice, "name");
                    case "required" -> throw choice.wrong("type", CHOICES);
                    case String word -> ToolsReader.named(word, tools, choice, "type");
                };
        return new ToolUse(tools, chosen, !choice.bool("disable_parallel_tool_use", false));
    }

    private static Tool tool(RequestFields tool) {
        Optional<String> type = tool.string("type").filter(some -> !some.equals("custom"));
        if (type.isPresent()) {
            throw ToolsReader.notRunHere(tool, type.get());
        }
        if (!tool.has("input_schema")) {
            throw tool.wrong("input_schema", "a JSON Schema, an object");
        }
        return ToolsReader.tool(tool, "input_schema");
    }

    /// A schema for the answer, under its name of today or that of the beta before it.
    private static AnswerFormat format(RequestFields fields) {
        Optional<RequestFields> format =
                fields.object("output_config")
                        .flatMap(config -> config.object("format"))
                        .or(() -> fields.object("output_format"));
        return FormatReader.read(fields, format);
    }

    private static OptionalInt reasoningTokens(RequestFields fields) {
        Optional<RequestFields> thinking = fields.object("thinking");
        if (thinking.isEmpty()) {
            return ReasoningReader.budget(fields);
        }
        return switch (thinking.get().requiredString("type")) {
            case "enabled" -> budget(thinking.get());
            case "disabled" -> OptionalInt.of(0);
            case "adaptive", "between_tools" -> OptionalInt.empty();
            default -> throw thinking.get().wrong("type", "enabled, disabled or adaptive");
        };
    }

    private static OptionalInt budget(RequestFields thinking) {
        if (!thinking.has("budget_tokens")) {
            throw thinking.wrong("budget_tokens", "an integer from 1 up");
        }
        return thinking.integer("budget_tokens", 1);
    }

    private static boolean showsThinking(RequestFields fields) {
        return fields.object("thinking")
                .flatMap(thinking -> thinking.string("display"))
                .filter("omitted"::equals)
                .isEmpty();
    }
}
