package io.moonglass.examples;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/// Asks a Moonglass server about a picture with Spring AI. In a Spring Boot application the same settings are
/// `spring.ai.openai.base-url`, `spring.ai.openai.api-key` and `spring.ai.openai.chat.model`.
///
/// @param server where it is, with the `/v1`: `http://127.0.0.1:8080/v1`
/// @param model  the name of the model there
public record SpringAiExample(String server, String model) {

    private OpenAiChatModel chat() {
        return OpenAiChatModel.builder()
                .options(
                        OpenAiChatOptions.builder()
                                .baseUrl(server)
                                .apiKey("none is wanted")
                                .model(model)
                                .temperature(0.0)
                                .build())
                .build();
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

    private static Prompt prompt(String question, Path picture) {
        return new Prompt(
                UserMessage.builder()
                        .text(question)
                        .media(new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(picture)))
                        .build());
    }
}
