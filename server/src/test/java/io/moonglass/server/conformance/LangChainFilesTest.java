package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.openai.OpenAiChatModel;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What LangChain4j's published tests do not ask: files, which it has no words for but shows by their ids, and faults.
class LangChainFilesTest {

    private static DemoServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = DemoServer.start(folder);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void all_answers_are_as_described() {
        server.proxy().assertAllConforms();
    }

    @Test
    void a_file_that_was_uploaded_before_is_seen() throws Exception {
        String id = upload(DemoServer.picture("shape_000"));

        assertEquals(
                "cross",
                model(DemoServer.MODEL)
                        .chat(
                                UserMessage.from(
                                        List.of(
                                                ImageContent.from(id),
                                                TextContent.from("What is the yellow shape?"))))
                        .aiMessage()
                        .text());
    }

    @Test
    void faults_are_of_their_classes() {
        assertThrows(ModelNotFoundException.class, () -> model("none").chat("Hello"));
        assertThrows(
                InvalidRequestException.class,
                () -> model(DemoServer.MODEL).chat("Hello ".repeat(5_000)));
        assertThrows(
                InvalidRequestException.class,
                () ->
                        model(DemoServer.MODEL)
                                .chat(
                                        UserMessage.from(
                                                ImageContent.from("AAAA", "image/png"),
                                                TextContent.from("What is it?"))));
        assertEquals("Hello!", model(DemoServer.MODEL).chat("Hello").substring(0, 6));
    }

    private static OpenAiChatModel model(String name) {
        return OpenAiChatModel.builder()
                .baseUrl(server.address() + "/v1")
                .apiKey("none is wanted")
                .modelName(name)
                .temperature(0.0)
                .maxRetries(0)
                .build();
    }

    private static String upload(byte[] picture) throws Exception {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        form.writeBytes(
                ("--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nvision\r\n"
                                + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"shape.png\"\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        form.writeBytes(picture);
        form.writeBytes("\r\n--b--\r\n".getBytes(StandardCharsets.US_ASCII));
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(URI.create(server.address() + "/v1/files"))
                                    .header("Content-Type", "multipart/form-data; boundary=b")
                                    .POST(
                                            HttpRequest.BodyPublishers.ofByteArray(
                                                    form.toByteArray()))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertEquals(200, response.statusCode(), response.body());
            return new ObjectMapper().readTree(response.body()).get("id").textValue();
        }
    }
}
