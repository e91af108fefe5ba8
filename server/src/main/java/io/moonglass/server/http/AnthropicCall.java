package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Calls of `POST /v1/messages` and `POST /v1/messages/count_tokens`. Unknown fields are accepted; what would change the
/// answer and is not built is refused.
///
/// Source: the types of Anthropic's client for JavaScript, `resources/messages`.
final class AnthropicCall implements Dialect {

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller) {
        RequestFields fields = RequestFields.of("", body);
        AnswerFormat format = format(fields);
        Prompt.Conversation prompt = prompt(fields);
        if (!fields.has("max_tokens")) {
            throw fields.wrong("max_tokens", "an integer from 1 up");
        }
        AnswerOptions answer =
                new AnswerOptions.Builder(
                                ChatCompletionReader.sampling(fields, model.defaultSampling()))
                        .format(format)
                        .maxTokens(fields.integer("max_tokens", 1))
                        .reasoningTokens(reasoningTokens(fields))
                        .stop(ChatCompletionReader.stops(fields, "stop_sequences"))
                        .build();
        ChatRequest chat =
                new ChatRequest(
                        prompt,
                        answer,
                        new RequestScope(
                                caller.tenant(),
                                ChatCompletionReader.cacheSalt(fields),
                                ChatCompletionReader.priority(fields)));
        boolean stream = fields.bool("stream", false);
        // a stream's first event tells the prompt's size, before there is an answer
        int numPromptTokens = stream ? model.measure(prompt, format).tokens() : 0;
        return new Question(
                new Call(chat, 1, ChatCompletionReader.timeout(fields), stream),
                new AnthropicReply(model.name(), numPromptTokens, showsThinking(fields)));
    }

    /// What the prompt of such a call amounts to.
    static PromptSize measure(JsonNode body, ChatModel model) {
        RequestFields fields = RequestFields.of("", body);
        return model.measure(prompt(fields), format(fields));
    }

    private static Prompt.Conversation prompt(RequestFields fields) {
        for (String key : List.of("mcp_servers", "container")) {
            ChatCompletionReader.refuseIfNotEmpty(
                    fields, key, "this server runs no tools itself; want functions of your own");
        }
        ChatCompletionReader.refuseIfNotEmpty(
                fields, "logit_bias", "a bias on tokens is not supported yet");
        return new Prompt.Conversation(AnthropicTurnsReader.read(fields), tools(fields));
    }

    private static ToolUse tools(RequestFields fields) {
        List<Tool> tools = FunctionTools.read(fields, "input_schema", AnthropicCall::function);
        Optional<RequestFields> choice = fields.object("tool_choice");
        if (choice.isEmpty()) {
            return new ToolUse(tools, new ToolUse.Choice.Auto(), true);
        }
        ToolUse.Choice chosen =
                switch (choice.get().requiredString("type")) {
                    case "auto" -> new ToolUse.Choice.Auto();
                    case "none" -> new ToolUse.Choice.Never();
                    case "any" -> FunctionTools.any(choice.get().pathOf("type"), tools);
                    case "tool" -> FunctionTools.required(choice.get(), "name", tools);
                    default -> throw choice.get().wrong("type", "auto, any, tool or none");
                };
        return new ToolUse(tools, chosen, !choice.get().bool("disable_parallel_tool_use", false));
    }

    private static RequestFields function(RequestFields tool) {
        Optional<String> type = tool.string("type").filter(some -> !some.equals("custom"));
        if (type.isPresent()) {
            throw FunctionTools.notOurs(tool, type.get());
        }
        if (!tool.has("input_schema")) {
            throw tool.wrong("input_schema", "a JSON Schema, an object");
        }
        return tool;
    }

    /// A schema for the answer, under its name of today or that of the beta before it.
    private static AnswerFormat format(RequestFields fields) {
        Optional<RequestFields> format =
                fields.object("output_config")
                        .flatMap(config -> config.object("format"))
                        .or(() -> fields.object("output_format"));
        if (format.isEmpty()) {
            return new AnswerFormat.FreeText();
        }
        if (!format.get().requiredString("type").equals("json_schema")) {
            throw format.get().wrong("type", "json_schema");
        }
        if (!format.get().value("schema").isObject()) {
            throw format.get().wrong("schema", "a JSON Schema, an object");
        }
        return new AnswerFormat.JsonSchema(
                format.get().value("schema"), format.get().pathOf("schema"));
    }

    private static OptionalInt reasoningTokens(RequestFields fields) {
        Optional<RequestFields> thinking = fields.object("thinking");
        if (thinking.isEmpty()) {
            return OptionalInt.empty();
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
