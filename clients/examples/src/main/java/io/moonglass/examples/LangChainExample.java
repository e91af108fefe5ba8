package io.moonglass.examples;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Asks a Moonglass server about a picture with LangChain4j.
///
/// @param server where it is, with the `/v1`: `http://127.0.0.1:8080/v1`
/// @param model  the name of the model there
public record LangChainExample(String server, String model) {

    /// Asks, and waits for the whole answer.
    ///
    /// @param picture a PNG file
    public String ask(String question, Path picture) throws IOException {
        OpenAiChatModel chat =
                OpenAiChatModel.builder()
                        .baseUrl(server)
                        .apiKey("none is wanted")
                        .modelName(model)
                        .temperature(0.0)
                        .build();
        return chat.chat(message(question, picture)).aiMessage().text();
    }

    /// Asks, and hands over the answer piece by piece.
    ///
    /// @param picture a PNG file
    /// @return the whole answer
    public String stream(String question, Path picture, Consumer<String> pieces)
            throws IOException {
        OpenAiStreamingChatModel chat =
                OpenAiStreamingChatModel.builder()
                        .baseUrl(server)
                        .apiKey("none is wanted")
                        .modelName(model)
                        .temperature(0.0)
                        .build();
        CompletableFuture<String> answer = new CompletableFuture<>();
        chat.chat(
                List.of(message(question, picture)),
                new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.accept(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        answer.complete(response.aiMessage().text());
                    }

                    @Override
                    public void onError(Throwable fault) {
                        answer.completeExceptionally(fault);
                    }
                });
        return answer.join();
    }

    private static UserMessage message(String question, Path picture) throws IOException {
        String base64 = Base64.getEncoder().encodeToString(Files.readAllBytes(picture));
        return UserMessage.from(ImageContent.from(base64, "image/png"), TextContent.from(question));
    }
}
