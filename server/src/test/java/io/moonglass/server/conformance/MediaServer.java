package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.runtime.ChatModelOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// The server with its default settings, asked about media that may be hostile.
final class MediaServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CONTEXT_LENGTH = 16_384;
    private static final String GOOD = TinyServer.pictureAddress("exact_112x112");

    /// What no caller may read: of libraries, of the JVM, of this machine.
    private static final List<String> NOT_FOR_CALLERS =
            List.of(
                    "exception",
                    "java.",
                    "org.",
                    "opencv",
                    "libpng",
                    "libjpeg",
                    "webp:",
                    "ffmpeg",
                    "averror",
                    "moov",
                    "invalid data found",
                    "pdfbox",
                    "cos",
                    "errno",
                    "no such file or directory",
                    "/tmp",
                    "/home",
                    "/proc",
                    "/usr",
                    "/var",
                    "connection refused",
                    "unknownhost",
                    "null");

    private final Path workDirectory;
    private final TinyServer server;

    /// @param workDirectory where the server makes its files
    MediaServer(Path workDirectory) {
        this(workDirectory, options -> options);
    }

    /// @param change of the settings that are not to be the defaults
    MediaServer(Path workDirectory, UnaryOperator<ChatModelOptions> change) {
        this.workDirectory = workDirectory;
        this.server =
                new TinyServer(
                        options ->
                                change.apply(
                                        options.withWorkDirectory(workDirectory)
                                                .withEngine(_ ->
                                                        new EngineOptions(
                                                                CONTEXT_LENGTH,
                                                                CONTEXT_LENGTH,
                                                                1_024,
                                                                8,
                                                                CacheType.F32))),
                        options -> options);
    }

    static String dataUri(String type, byte[] bytes) {
        return "data:%s;base64,%s".formatted(type, Base64.getEncoder().encodeToString(bytes));
    }

    static String dataUri(byte[] bytes) {
        return dataUri("image/png", bytes);
    }

    TinyServer http() {
        return server;
    }

    RecordedExchange ask(MediaPlace place, String url, String more) {
        return server.post(place.path(), place.body(url, more));
    }

    void assertAnswered(MediaPlace place, String url) {
        assertAnswered(place, url, "");
    }

    JsonNode assertAnswered(MediaPlace place, String url, String more) {
        RecordedExchange exchange = ask(place, url, more);
        assertEquals(200, exchange.status(), () -> place + ": " + exchange);
        return json(exchange);
    }

    /// The medium itself is at fault.
    void assertRefused(MediaPlace place, String url, int status, String code) {
        assertRefused(place, url, "", status, code, place.param());
    }

    /// @param more  fields beside the address; empty for none
    /// @param param the field that is named; null for none
    /// @return what was said
    String assertRefused(
            MediaPlace place, String url, String more, int status, String code, String param) {
        RecordedExchange exchange = ask(place, url, more);
        assertEquals(status, exchange.status(), () -> place + ": " + exchange);
        JsonNode error = json(exchange).get("error");
        if (place.tellsCode()) {
            assertEquals(code, error.path("code").textValue(), () -> place + ": " + exchange);
            assertEquals(param, error.path("param").textValue(), () -> place + ": " + exchange);
        }
        String message = error.path("message").textValue();
        assertTellsNothing(message, url);
        return message;
    }

    /// A caller's own address may be repeated, nothing else that looks like this machine's.
    private static void assertTellsNothing(String message, String url) {
        String said =
                message.replace(url, "").replaceAll("\"[^\"]*\"", "").toLowerCase(Locale.ROOT);
        for (String word : NOT_FOR_CALLERS) {
            assertFalse(said.contains(word), () -> "\"%s\" in: %s".formatted(word, message));
        }
        assertFalse(
                said.matches("(?s).*0x[0-9a-f]{4}.*"), () -> "an address of memory: " + message);
    }

    void assertGoodPictureWorks() {
        JsonNode answer = assertAnswered(MediaPlace.CHAT_IMAGE, GOOD, "");
        assertTrue(answer.at("/usage/prompt_tokens_details/image_tokens").intValue() > 0);
    }

    /// What requests have left in the folder for temporary files; the lock of the folder aside.
    List<Path> leftFiles() {
        try (Stream<Path> all = Files.walk(workDirectory, FileVisitOption.FOLLOW_LINKS)) {
            return all.filter(Files::isRegularFile).filter(file -> !file.endsWith("lock")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode json(RecordedExchange exchange) {
        try {
            return JSON.readTree(exchange.answer());
        } catch (IOException e) {
            throw new UncheckedIOException(exchange.toString(), e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
