package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.HttpResponse;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFormatTextJsonSchemaConfig;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseInputImage;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import com.openai.models.responses.ResponseTextConfig;
import com.openai.models.responses.ToolChoiceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's client for Java and what the server keeps for it: responses and files.
class OpenAiJavaResponsesTest {

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
    void a_text_is_answered_and_kept() {
        Response response = client.responses().create(asked().input("Hello").build());

        assertEquals("Hello! Show me a picture and ask about it.", answer(response));
        assertEquals(ResponseStatus.COMPLETED, response.status().orElseThrow());
        assertEquals(answer(response), answer(client.responses().retrieve(response.id())));
        assertEquals(1, client.responses().inputItems().list(response.id()).data().size());

        client.responses().delete(response.id());
        assertThrows(NotFoundException.class, () -> client.responses().retrieve(response.id()));
    }

    @Test
    void pictures_are_seen() {
        assertEquals(
                "cross",
                answer(
                        client.responses()
                                .create(
                                        asked("What is the yellow shape?", address("shape_000"))
                                                .build())));
        assertEquals(
                "the first",
                answer(
                        client.responses()
                                .create(
                                        asked(
                                                        "Which image shows more shapes?",
                                                        address("compare_000_0"),
                                                        address("compare_000_1"))
                                                .build())));
    }

    @Test
    void a_conversation_goes_on_without_its_picture_being_sent_again() {
        Response first =
                client.responses()
                        .create(
                                asked("Which shape is the smallest?", address("turns_001"))
                                        .build());
        Response second =
                client.responses()
                        .create(
                                asked().previousResponseId(first.id())
                                        .input("And above it?")
                                        .build());

        assertEquals("blue square", answer(first));
        assertEquals("blue diamond", answer(second));
        assertTrue(second.usage().orElseThrow().inputTokensDetails().cachedTokens() > 0);
    }

    @Test
    void a_stream_tells_the_same_piece_by_piece() {
        ResponseAccumulator pieces = ResponseAccumulator.create();
        List<ResponseStreamEvent> events = new ArrayList<>();
        try (StreamResponse<ResponseStreamEvent> stream =
                client.responses()
                        .createStreaming(
                                asked("What does the picture show?", address("describe_000"))
                                        .build())) {
            stream.stream().peek(pieces::accumulate).forEach(events::add);
        }

        assertEquals(
                "A purple square, a red square, a blue star and an orange diamond.",
                answer(pieces.response()));
        assertEquals(
                answer(pieces.response()),
                events.stream()
                        .filter(ResponseStreamEvent::isOutputTextDelta)
                        .map(event -> event.asOutputTextDelta().delta())
                        .collect(Collectors.joining()));
    }

    @Test
    void a_function_is_called_and_its_result_is_read() throws IOException {
        Response called =
                client.responses()
                        .create(
                                asked().addTool(timer())
                                        .toolChoice(ToolChoiceOptions.REQUIRED)
                                        .input("Wake me in 383 minutes.")
                                        .build());
        ResponseFunctionToolCall call =
                called.output().stream()
                        .flatMap(item -> item.functionCall().stream())
                        .findFirst()
                        .orElseThrow();

        assertEquals("set_timer", call.name());
        assertTrue(JSON.readTree(call.arguments()).path("minutes").isIntegralNumber());

        Response answered =
                client.responses()
                        .create(
                                asked().previousResponseId(called.id())
                                        .inputOfResponse(
                                                List.of(
                                                        ResponseInputItem.ofFunctionCallOutput(
                                                                ResponseInputItem.FunctionCallOutput
                                                                        .builder()
                                                                        .callId(call.callId())
                                                                        .output("The timer runs.")
                                                                        .build())))
                                        .build());

        assertEquals(ResponseStatus.COMPLETED, answered.status().orElseThrow());
    }

    @Test
    void an_answer_is_held_to_a_schema() throws IOException {
        Response response =
                client.responses()
                        .create(
                                asked("Describe the image as JSON.", address("json_001"))
                                        .text(
                                                ResponseTextConfig.builder()
                                                        .format(
                                                                ResponseFormatTextJsonSchemaConfig
                                                                        .builder()
                                                                        .name("picture")
                                                                        .schema(countSchema())
                                                                        .strict(true)
                                                                        .build())
                                                        .build())
                                        .build());

        assertEquals(2, JSON.readTree(answer(response)).path("count").intValue());
    }

    @Test
    void a_cut_answer_says_so() {
        Response response =
                client.responses().create(asked().input("Hello").maxOutputTokens(2).build());

        assertEquals(ResponseStatus.INCOMPLETE, response.status().orElseThrow());
        assertEquals(
                "max_output_tokens",
                response.incompleteDetails().orElseThrow().reason().orElseThrow().asString());
    }

    @Test
    void a_picture_is_uploaded_once_and_referred_to(@TempDir Path folder) throws IOException {
        Path picture = Files.write(folder.resolve("shape.png"), DemoServer.picture("shape_000"));
        FileObject file =
                client.files()
                        .create(
                                FileCreateParams.builder()
                                        .file(picture)
                                        .purpose(FilePurpose.VISION)
                                        .build());

        assertEquals("shape.png", file.filename());
        assertEquals(Files.size(picture), file.bytes());
        assertEquals(file.id(), client.files().retrieve(file.id()).id());
        assertTrue(client.files().list().data().stream().anyMatch(file::equals));
        try (HttpResponse content = client.files().content(file.id())) {
            assertArrayEquals(Files.readAllBytes(picture), content.body().readAllBytes());
        }
        assertEquals(
                "cross",
                answer(
                        client.responses()
                                .create(
                                        asked(
                                                        "What is the yellow shape?",
                                                        ResponseInputImage.builder()
                                                                .detail(
                                                                        ResponseInputImage.Detail
                                                                                .AUTO)
                                                                .fileId(file.id())
                                                                .build())
                                                .build())));

        assertTrue(client.files().delete(file.id()).deleted());
        assertThrows(NotFoundException.class, () -> client.files().retrieve(file.id()));
    }

    @Test
    void faults_are_those_of_their_classes() {
        assertThrows(
                NotFoundException.class,
                () ->
                        client.responses()
                                .create(
                                        asked().previousResponseId("resp_none")
                                                .input("Hello")
                                                .build()));
        BadRequestException tooMany =
                assertThrows(
                        BadRequestException.class,
                        () ->
                                client.responses()
                                        .create(asked().input("Hello").maxOutputTokens(0).build()));
        assertEquals("max_output_tokens", tooMany.param().orElseThrow());
    }

    private static ResponseCreateParams.Builder asked() {
        return ResponseCreateParams.builder().model(DemoServer.MODEL).temperature(0.0);
    }

    private static ResponseCreateParams.Builder asked(
            String question, ResponseInputImage... pictures) {
        ResponseInputItem.Message.Builder message =
                ResponseInputItem.Message.builder().role(ResponseInputItem.Message.Role.USER);
        for (ResponseInputImage picture : pictures) {
            message.addContent(picture);
        }
        return asked().inputOfResponse(
                        List.of(
                                ResponseInputItem.ofMessage(
                                        message.addInputTextContent(question).build())));
    }

    private static ResponseInputImage address(String picture) {
        return ResponseInputImage.builder()
                .detail(ResponseInputImage.Detail.AUTO)
                .imageUrl(DemoServer.pictureAddress(picture))
                .build();
    }

    private static FunctionTool timer() {
        return FunctionTool.builder()
                .name("set_timer")
                .description("Starts a timer")
                .strict(false)
                .parameters(
                        FunctionTool.Parameters.builder()
                                .putAdditionalProperty("type", JsonValue.from("object"))
                                .putAdditionalProperty(
                                        "properties",
                                        JsonValue.from(
                                                Map.of("minutes", Map.of("type", "integer"))))
                                .putAdditionalProperty(
                                        "required", JsonValue.from(List.of("minutes")))
                                .build())
                .build();
    }

    private static ResponseFormatTextJsonSchemaConfig.Schema countSchema() {
        return ResponseFormatTextJsonSchemaConfig.Schema.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                        "properties", JsonValue.from(Map.of("count", Map.of("type", "integer"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("count")))
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build();
    }

    private static String answer(Response response) {
        return response.output().stream()
                .flatMap(item -> item.message().stream())
                .flatMap(message -> message.content().stream())
                .flatMap(part -> part.outputText().stream())
                .map(text -> text.text())
                .collect(Collectors.joining());
    }
}
