package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIServiceException;
import com.openai.errors.UnprocessableEntityException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's client for Java, which is told to check every answer against its own types.
class OpenAiJavaChatTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static DemoServer server;
    private static OpenAIClient client;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = DemoServer.start(folder);
        client =
                OpenAIOkHttpClient.builder()
                        .baseUrl(server.address() + "/v1")
                        .apiKey("none is wanted")
                        .maxRetries(0)
                        .responseValidation(true)
                        .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
    }

    @AfterEach
    void all_answers_are_as_described() {
        server.proxy().assertAllConforms();
    }

    @Test
    void a_text_is_answered() {
        ChatCompletion completion =
                client.chat().completions().create(asked().addUserMessage("Hello").build());

        assertEquals("Hello! Show me a picture and ask about it.", answer(completion));
        assertEquals("stop", completion.choices().getFirst().finishReason().asString());
        assertTrue(completion.usage().orElseThrow().promptTokens() > 0);
    }

    @Test
    void a_picture_is_seen() {
        ChatCompletion completion =
                client.chat()
                        .completions()
                        .create(asked("What is the yellow shape?", "shape_000").build());

        assertEquals("cross", answer(completion));
    }

    @Test
    void several_pictures_are_told_apart() {
        ChatCompletion completion =
                client.chat()
                        .completions()
                        .create(
                                asked(
                                                "Which image shows more shapes?",
                                                "compare_000_0",
                                                "compare_000_1")
                                        .build());

        assertEquals("the first", answer(completion));
    }

    @Test
    void a_streamed_answer_is_the_same() {
        ChatCompletionAccumulator pieces = ChatCompletionAccumulator.create();
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat()
                        .completions()
                        .createStreaming(
                                asked("What does the picture show?", "describe_000")
                                        .streamOptions(
                                                ChatCompletionStreamOptions.builder()
                                                        .includeUsage(true)
                                                        .build())
                                        .build())) {
            stream.stream().peek(pieces::accumulate).forEach(chunks::add);
        }

        assertEquals(
                "A purple square, a red square, a blue star and an orange diamond.",
                answer(pieces.chatCompletion()));
        assertTrue(chunks.size() > 5, "only " + chunks.size() + " pieces");
        assertTrue(chunks.getLast().usage().orElseThrow().completionTokens() > 5);
    }

    @Test
    void a_tool_is_called_and_its_result_is_read() {
        ChatCompletionCreateParams.Builder question =
                asked().addTool(timer()).addUserMessage("Wake me in 383 minutes.");
        ChatCompletion called =
                client.chat()
                        .completions()
                        .create(
                                question.toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                                        .build());
        ChatCompletionMessageFunctionToolCall call = call(called);

        assertEquals("tool_calls", called.choices().getFirst().finishReason().asString());
        assertEquals("set_timer", call.function().name());
        assertTrue(json(call.function().arguments()).path("minutes").isIntegralNumber());

        ChatCompletion answered =
                client.chat()
                        .completions()
                        .create(
                                question.addMessage(called.choices().getFirst().message())
                                        .addMessage(
                                                ChatCompletionToolMessageParam.builder()
                                                        .toolCallId(call.id())
                                                        .content("The timer runs.")
                                                        .build())
                                        .toolChoice(ChatCompletionToolChoiceOption.Auto.NONE)
                                        .build());

        assertTrue(answered.choices().getFirst().message().toolCalls().isEmpty());
    }

    @Test
    void a_named_tool_is_called_in_a_stream() {
        ChatCompletionAccumulator pieces = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat()
                        .completions()
                        .createStreaming(
                                asked().addTool(timer())
                                        .addUserMessage("Hello")
                                        .toolChoice(
                                                ChatCompletionNamedToolChoice.builder()
                                                        .function(
                                                                ChatCompletionNamedToolChoice
                                                                        .Function.builder()
                                                                        .name("set_timer")
                                                                        .build())
                                                        .build())
                                        .build())) {
            stream.stream().forEach(pieces::accumulate);
        }

        ChatCompletionMessageFunctionToolCall call = call(pieces.chatCompletion());
        assertEquals("set_timer", call.function().name());
        assertTrue(json(call.function().arguments()).path("minutes").isIntegralNumber());
    }

    @Test
    void an_answer_is_held_to_a_schema() {
        ChatCompletion completion =
                client.chat()
                        .completions()
                        .create(
                                asked("Describe the image as JSON.", "json_001")
                                        .responseFormat(
                                                ResponseFormatJsonSchema.builder()
                                                        .jsonSchema(
                                                                ResponseFormatJsonSchema.JsonSchema
                                                                        .builder()
                                                                        .name("picture")
                                                                        .strict(true)
                                                                        .schema(countSchema())
                                                                        .build())
                                                        .build())
                                        .build());

        assertEquals(2, json(answer(completion)).path("count").intValue());
    }

    @Test
    void tokens_are_scored() {
        ChatCompletion completion =
                client.chat()
                        .completions()
                        .create(
                                asked("What is the yellow shape?", "shape_000")
                                        .logprobs(true)
                                        .topLogprobs(3)
                                        .build());

        var scores =
                completion.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
        assertTrue(scores.stream().allMatch(token -> token.topLogprobs().size() == 3));
        assertTrue(scores.getFirst().logprob() <= 0);
    }

    @Test
    void several_answers_are_given() {
        ChatCompletion completion =
                client.chat()
                        .completions()
                        .create(asked().addUserMessage("Hello").n(3).temperature(1.0).build());

        assertEquals(
                List.of(0L, 1L, 2L),
                completion.choices().stream().map(ChatCompletion.Choice::index).toList());
    }

    @Test
    void a_text_is_gone_on_with() {
        var completion =
                client.completions()
                        .create(
                                CompletionCreateParams.builder()
                                        .model(DemoServer.MODEL)
                                        .prompt("A red square and")
                                        .maxTokens(4)
                                        .echo(true)
                                        .temperature(0.0)
                                        .build());

        assertTrue(completion.choices().getFirst().text().startsWith("A red square and"));
        assertEquals(4, completion.usage().orElseThrow().completionTokens());
    }

    @Test
    void texts_have_features() {
        CreateEmbeddingResponse features =
                client.embeddings()
                        .create(
                                EmbeddingCreateParams.builder()
                                        .model(DemoServer.MODEL)
                                        .inputOfArrayOfStrings(List.of("a red square", "a circle"))
                                        .build());

        assertEquals(2, features.data().size());
        assertEquals(256, features.data().getFirst().embedding().size());
    }

    @Test
    void models_are_listed_and_found() {
        assertEquals(DemoServer.MODEL, client.models().list().data().getFirst().id());
        assertEquals(DemoServer.MODEL, client.models().retrieve(DemoServer.MODEL).id());
    }

    @Test
    void faults_are_those_of_their_classes() {
        OpenAIServiceException unknownModel =
                assertThrows(
                        NotFoundException.class,
                        () ->
                                client.chat()
                                        .completions()
                                        .create(
                                                asked().model("another")
                                                        .addUserMessage("Hello")
                                                        .build()));
        assertEquals("model_not_found", unknownModel.code().orElseThrow());
        OpenAIServiceException tooHot =
                assertThrows(
                        BadRequestException.class,
                        () ->
                                client.chat()
                                        .completions()
                                        .create(
                                                asked().addUserMessage("Hello")
                                                        .temperature(3.0)
                                                        .build()));
        assertEquals("temperature", tooHot.param().orElseThrow());
        assertThrows(
                UnprocessableEntityException.class,
                () ->
                        client.chat()
                                .completions()
                                .create(
                                        asked().addUserMessageOfArrayOfContentParts(
                                                        List.of(
                                                                picturePart(
                                                                        "data:image/png;base64,AAAA")))
                                                .build()));
    }

    private static ChatCompletionCreateParams.Builder asked() {
        return ChatCompletionCreateParams.builder().model(DemoServer.MODEL).temperature(0.0);
    }

    private static ChatCompletionCreateParams.Builder asked(String question, String... pictures) {
        List<ChatCompletionContentPart> parts = new ArrayList<>();
        for (String picture : pictures) {
            parts.add(picturePart(DemoServer.pictureAddress(picture)));
        }
        parts.add(
                ChatCompletionContentPart.ofText(
                        ChatCompletionContentPartText.builder().text(question).build()));
        return asked().addUserMessageOfArrayOfContentParts(parts);
    }

    private static ChatCompletionContentPart picturePart(String address) {
        return ChatCompletionContentPart.ofImageUrl(
                ChatCompletionContentPartImage.builder()
                        .imageUrl(
                                ChatCompletionContentPartImage.ImageUrl.builder()
                                        .url(address)
                                        .build())
                        .build());
    }

    private static ChatCompletionFunctionTool timer() {
        return ChatCompletionFunctionTool.builder()
                .function(
                        FunctionDefinition.builder()
                                .name("set_timer")
                                .description("Starts a timer")
                                .parameters(
                                        FunctionParameters.builder()
                                                .putAdditionalProperty(
                                                        "type", JsonValue.from("object"))
                                                .putAdditionalProperty(
                                                        "properties",
                                                        JsonValue.from(
                                                                Map.of(
                                                                        "minutes",
                                                                        Map.of("type", "integer"))))
                                                .putAdditionalProperty(
                                                        "required",
                                                        JsonValue.from(List.of("minutes")))
                                                .build())
                                .build())
                .build();
    }

    private static ResponseFormatJsonSchema.JsonSchema.Schema countSchema() {
        return ResponseFormatJsonSchema.JsonSchema.Schema.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                        "properties", JsonValue.from(Map.of("count", Map.of("type", "integer"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("count")))
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build();
    }

    private static ChatCompletionMessageFunctionToolCall call(ChatCompletion completion) {
        return completion
                .choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow()
                .getFirst()
                .asFunction();
    }

    private static String answer(ChatCompletion completion) {
        return completion.choices().getFirst().message().content().orElseThrow();
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError("no JSON: " + text, e);
        }
    }
}
