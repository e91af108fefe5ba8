package io.moonglass.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/// Asks a Moonglass server about a picture with Spring AI. In a Spring Boot application the same settings are
/// `spring.ai.openai.base-url`, `spring.ai.openai.api-key` and `spring.ai.openai.chat.model`.
///
/// @param server where it is, with the `/v1`: `http://127.0.0.1:8080/v1`
/// @param model  the name of the model there
public record SpringAiExample(String server, String model) {

    private static final int MAX_TOOL_ROUNDS = 8;

    private OpenAiChatModel chat() {
        return OpenAiChatModel.builder().options(options().build()).build();
    }

    private OpenAiChatOptions.Builder options() {
        return OpenAiChatOptions.builder()
                .baseUrl(server)
                .apiKey("none is wanted")
                .model(model)
                .temperature(0.0);
    }

    /// Asks, and waits for the whole answer.
    ///
    /// @param picture a PNG file
    public String ask(String question, Path picture) {
        return chat().call(prompt(question, picture)).getResult().getOutput().getText();
    }

    /// Asks, and hands over the answer piece by piece.
    ///
    /// @param picture a PNG file
    public void stream(String question, Path picture, Consumer<String> pieces) {
        chat().stream(prompt(question, picture))
                .toStream()
                .filter(piece -> piece.getResult() != null)
                .map(piece -> piece.getResult().getOutput().getText())
                .filter(text -> text != null)
                .forEach(pieces);
    }

    /// What a picture shows.
    ///
    /// @param count of its shapes
    public record Seen(int count, String background) {}

    /// Asks for an answer that is a record; the server lets the model write nothing else.
    ///
    /// @param picture a PNG file
    public Seen describe(Path picture) {
        BeanOutputConverter<Seen> seen = new BeanOutputConverter<>(Seen.class);
        Prompt prompt =
                new Prompt(
                        message("Write count and background of the picture in JSON.", picture),
                        options().outputSchema(seen.getJsonSchema()).build());
        return seen.convert(chat().call(prompt).getResult().getOutput().getText());
    }

    /// What the tool takes.
    public record Timer(int minutes) {}

    /// Lets the model call a tool, and tells it what came of that, until it answers.
    ///
    /// @param timer starts one, and says what came of it
    public String askWithTimer(String question, Function<Timer, String> timer) {
        ToolCallback tool =
                FunctionToolCallback.builder("set_timer", timer)
                        .description("Starts a timer")
                        .inputType(Timer.class)
                        .build();
        OpenAiChatOptions options = options().toolCallbacks(List.of(tool)).build();
        ToolCallingManager tools = ToolCallingManager.builder().build();
        Prompt prompt = new Prompt(new UserMessage(question), options);
        for (int round = 0; round < MAX_TOOL_ROUNDS; round++) {
            ChatResponse response = chat().call(prompt);
            if (!response.hasToolCalls()) {
                return response.getResult().getOutput().getText();
            }
            prompt =
                    new Prompt(
                            tools.executeToolCalls(prompt, response).conversationHistory(),
                            options);
        }
        throw new IllegalStateException(
                "the model called tools in %d rounds".formatted(MAX_TOOL_ROUNDS));
    }

    private static Prompt prompt(String question, Path picture) {
        return new Prompt(message(question, picture));
    }

    private static UserMessage message(String question, Path picture) {
        return UserMessage.builder()
                .text(question)
                .media(new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(picture)))
                .build();
    }
}
