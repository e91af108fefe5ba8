package io.moonglass.server.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;

/// What LangChain4j's published tests ask of a model that knows the world, asked of the demo model, which knows shapes.
/// Each method stands for the test of its name, and asserts as much.
///
/// @param chat asks the model, whole or in a stream
record LangChainQuestions(Function<ChatRequest, ChatResponse> chat) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ToolSpecification TIMER =
            ToolSpecification.builder()
                    .name("set_timer")
                    .description("Starts a timer")
                    .parameters(
                            JsonObjectSchema.builder()
                                    .addIntegerProperty("minutes")
                                    .required("minutes")
                                    .build())
                    .build();
    private static final ToolSpecification CLOCK =
            ToolSpecification.builder().name("get_current_time").build();
    private static final ResponseFormat COUNT =
            schema(
                    JsonSchema.builder()
                            .name("picture")
                            .rootElement(
                                    JsonObjectSchema.builder()
                                            .addIntegerProperty("count")
                                            .required("count")
                                            .build())
                            .build());

    void userMessage() {
        ChatResponse response = ask(UserMessage.from("Hello"));

        assertThat(response.aiMessage().text())
                .isEqualTo("Hello! Show me a picture and ask about it.");
        assertThat(response.aiMessage().toolExecutionRequests()).isEmpty();
        assertThat(response.metadata().id()).isNotBlank();
        assertThat(response.metadata().modelName()).isEqualTo(DemoServer.MODEL);
        assertThat(response.metadata().finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.metadata().tokenUsage().outputTokenCount()).isPositive();
    }

    void systemMessage() {
        ChatResponse response =
                ask(
                        SystemMessage.from("Write everything in capitals."),
                        shown("The circle: what colour is it?", "system_000"));

        assertThat(response.aiMessage().text()).isEqualTo("BLACK");
    }

    void multipleMessages() {
        ChatResponse response =
                ask(
                        shown("Which shape is the smallest?", "turns_001"),
                        AiMessage.from("blue square"),
                        UserMessage.from("And above it?"));

        assertThat(response.aiMessage().text()).isEqualTo("blue diamond");
    }

    ChatRequest.Builder stopSequences() {
        return ChatRequest.builder().messages(shown("What does the picture show?", "describe_000"));
    }

    static final List<String> STOPS = List.of("red", " red");

    static void assertStopped(ChatResponse response) {
        assertThat(response.aiMessage().text()).contains("purple").doesNotContain("red");
        assertThat(response.metadata().finishReason()).isEqualTo(FinishReason.STOP);
    }

    /// The demo model sees from the question whether a tool is wanted, but copies few arguments rightly.
    void toolThenAnswer(ToolChoice choice) {
        UserMessage question = UserMessage.from("Wake me in 383 minutes.");
        ToolExecutionRequest call =
                onlyCall(
                        chat.apply(
                                ChatRequest.builder()
                                        .messages(question)
                                        .toolSpecifications(TIMER)
                                        .toolChoice(choice)
                                        .build()));

        assertThat(call.name()).isEqualTo("set_timer");
        assertThat(json(call.arguments()).path("minutes").isIntegralNumber()).isTrue();

        ChatResponse answered =
                chat.apply(
                        ChatRequest.builder()
                                .messages(
                                        question,
                                        AiMessage.from(call),
                                        ToolExecutionResultMessage.from(call, "The timer runs."))
                                .toolSpecifications(TIMER)
                                .toolChoice(ToolChoice.NONE)
                                .build());

        assertThat(answered.aiMessage().toolExecutionRequests()).isEmpty();
        assertThat(answered.metadata().finishReason()).isEqualTo(FinishReason.STOP);
    }

    void toolWithoutArguments() {
        ToolExecutionRequest call =
                onlyCall(
                        chat.apply(
                                ChatRequest.builder()
                                        .messages(UserMessage.from("What time is it?"))
                                        .toolSpecifications(CLOCK)
                                        .toolChoice(ToolChoice.REQUIRED)
                                        .build()));

        assertThat(call.name()).isEqualTo("get_current_time");
        assertThat(json(call.arguments()).isObject()).isTrue();
    }

    void anyTool() {
        ToolExecutionRequest call =
                onlyCall(
                        chat.apply(
                                ChatRequest.builder()
                                        .messages(UserMessage.from("Hello"))
                                        .toolSpecifications(CLOCK, TIMER)
                                        .toolChoice(ToolChoice.REQUIRED)
                                        .build()));

        assertThat(call.name()).isIn("get_current_time", "set_timer");
        assertThat(json(call.arguments()).isObject()).isTrue();
    }

    void jsonFormat() {
        ChatResponse response =
                chat.apply(
                        ChatRequest.builder()
                                .messages(
                                        shown(
                                                "Write count and background of the picture in JSON.",
                                                "json_000"))
                                .responseFormat(ResponseFormat.JSON)
                                .build());

        assertThat(json(response.aiMessage().text()).path("count").intValue()).isEqualTo(2);
    }

    void jsonFormatWithSchema() {
        assertCounts(COUNT);
    }

    void jsonFormatWithRawSchema() {
        assertCounts(
                schema(
                        JsonSchema.builder()
                                .name("picture")
                                .rootElement(
                                        JsonRawSchema.from(
                                                """
                                                {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                                                 "properties": {"count": {"type": "integer"}}, "required": ["count"]}
                                                """))
                                .build()));
    }

    private void assertCounts(ResponseFormat format) {
        ChatResponse response =
                chat.apply(
                        ChatRequest.builder()
                                .messages(shown("Describe the image as JSON.", "json_001"))
                                .responseFormat(format)
                                .build());

        assertThat(json(response.aiMessage().text()).path("count").intValue()).isEqualTo(2);
    }

    void toolThenAnswerWithSchema() {
        UserMessage question = UserMessage.from("Wake me in 383 minutes.");
        ToolExecutionRequest call =
                onlyCall(
                        chat.apply(
                                ChatRequest.builder()
                                        .messages(question)
                                        .toolSpecifications(TIMER)
                                        .toolChoice(ToolChoice.REQUIRED)
                                        .responseFormat(COUNT)
                                        .build()));
        ChatResponse answered =
                chat.apply(
                        ChatRequest.builder()
                                .messages(
                                        question,
                                        AiMessage.from(call),
                                        ToolExecutionResultMessage.from(call, "The timer runs."))
                                .toolSpecifications(TIMER)
                                .toolChoice(ToolChoice.NONE)
                                .responseFormat(COUNT)
                                .maxOutputTokens(100)
                                .build());

        assertThat(json(answered.aiMessage().text()).path("count").isIntegralNumber()).isTrue();
    }

    void singlePicture() {
        assertThat(ask(shown("What is the yellow shape?", "shape_000")).aiMessage().text())
                .isEqualTo("cross");
    }

    void severalPictures() {
        assertThat(
                        ask(shown(
                                        "Which image shows more shapes?",
                                        "compare_000_0",
                                        "compare_000_1"))
                                .aiMessage()
                                .text())
                .isEqualTo("the first");
    }

    /// Nothing is fetched from where nobody but this machine can; the fault says where the address stands.
    void pictureAtPrivateAddress() {
        assertThatThrownBy(() ->
                        ask(
                                UserMessage.from(
                                        TextContent.from("What do you see?"),
                                        ImageContent.from("https://127.0.0.1/picture.png"))))
                // this is what it makes of 403, and a stream's fault comes wrapped
                .hasStackTraceContaining(AuthenticationException.class.getName())
                .hasMessageContaining("messages[0].content[1].image_url.url");
    }

    private ChatResponse ask(ChatMessage... messages) {
        return chat.apply(ChatRequest.builder().messages(messages).build());
    }

    private static UserMessage shown(String question, String... pictures) {
        List<Content> contents = new ArrayList<>();
        for (String picture : pictures) {
            contents.add(
                    ImageContent.from(
                            Base64.getEncoder().encodeToString(DemoServer.picture(picture)),
                            "image/png"));
        }
        contents.add(TextContent.from(question));
        return UserMessage.from(contents);
    }

    private static ToolExecutionRequest onlyCall(ChatResponse response) {
        assertThat(response.metadata().finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        assertThat(response.aiMessage().toolExecutionRequests()).hasSize(1);
        ToolExecutionRequest call = response.aiMessage().toolExecutionRequests().getFirst();
        assertThat(call.id()).isNotBlank();
        return call;
    }

    private static ResponseFormat schema(JsonSchema schema) {
        return ResponseFormat.builder().type(ResponseFormatType.JSON).jsonSchema(schema).build();
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }
}
