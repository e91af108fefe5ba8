package io.moonglass.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/// Asks a Moonglass server about a picture with LangChain4j.
///
/// @param server where it is, with the `/v1`: `http://127.0.0.1:8080/v1`
/// @param model  the name of the model there
public record LangChainExample(String server, String model) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_TOOL_ROUNDS = 8;

    /// Asks, and waits for the whole answer.
    ///
    /// @param picture a PNG file
    public String ask(String question, Path picture) throws IOException {
        return chat().chat(message(question, picture)).aiMessage().text();
    }

    private OpenAiChatModel chat() {
        return OpenAiChatModel.builder()
                .baseUrl(server)
                .apiKey("none is wanted")
                .modelName(model)
                .temperature(0.0)
                .build();
    }

    /// What a picture shows.
    ///
    /// @param count of its shapes
    public record Seen(int count, String background) {}

    /// Asks for an answer of a given shape; the server lets the model write nothing else.
    ///
    /// @param picture a PNG file
    public Seen describe(Path picture) throws IOException {
        JsonObjectSchema seen =
                JsonObjectSchema.builder()
                        .addIntegerProperty("count")
                        .addStringProperty("background")
                        .required("count", "background")
                        .build();
        ChatRequest request =
                ChatRequest.builder()
                        .messages(
                                message(
                                        "Write count and background of the picture in JSON.",
                                        picture))
                        .responseFormat(
                                ResponseFormat.builder()
                                        .type(ResponseFormatType.JSON)
                                        .jsonSchema(
                                                JsonSchema.builder()
                                                        .name("seen")
                                                        .rootElement(seen)
                                                        .build())
                                        .build())
                        .build();
        return JSON.readValue(chat().chat(request).aiMessage().text(), Seen.class);
    }

    /// Lets the model call a tool, and tells it what came of that, until it answers.
    ///
    /// @param timer starts one that runs so many minutes, and says what came of it
    public String askWithTimer(String question, IntFunction<String> timer) throws IOException {
        ToolSpecification tool =
                ToolSpecification.builder()
                        .name("set_timer")
                        .description("Starts a timer")
                        .parameters(
                                JsonObjectSchema.builder()
                                        .addIntegerProperty("minutes")
                                        .required("minutes")
                                        .build())
                        .build();
        List<ChatMessage> said = new ArrayList<>(List.of(UserMessage.from(question)));
        for (int round = 0; round < MAX_TOOL_ROUNDS; round++) {
            AiMessage answer =
                    chat().chat(
                                    ChatRequest.builder()
                                            .messages(said)
                                            .toolSpecifications(tool)
                                            .build())
                            .aiMessage();
            if (!answer.hasToolExecutionRequests()) {
                return answer.text();
            }
            said.add(answer);
            for (ToolExecutionRequest call : answer.toolExecutionRequests()) {
                int minutes = JSON.readTree(call.arguments()).path("minutes").intValue();
                said.add(ToolExecutionResultMessage.from(call, timer.apply(minutes)));
            }
        }
        throw new IllegalStateException(
                "the model called tools in %d rounds".formatted(MAX_TOOL_ROUNDS));
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
