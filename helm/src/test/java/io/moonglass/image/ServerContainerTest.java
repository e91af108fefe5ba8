package io.moonglass.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The image runs: read-only, without capabilities, in 1 GiB of memory and a `/tmp` of 64 MiB.
class ServerContainerTest {

    private static final Duration LONGEST_START = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DEMO =
            Path.of(System.getProperty("moonglass.demo-model")).toAbsolutePath();

    private static BuiltImage image;
    private static ServerContainer server;
    private static Duration start;

    @TempDir private Path folder;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        image = BuiltImage.get();
        server = ServerContainer.start(image);
        start = server.awaitReady();
        System.out.printf(
                "image: ready with the demo model after %.1f s%n", start.toMillis() / 1e3);
    }

    @AfterAll
    static void stop() throws IOException, InterruptedException {
        if (server != null) {
            server.close();
        }
    }

    /// The fastest of three starts counts, since the machine may be busy with something else.
    @Test
    void it_is_ready_before_an_orchestrator_loses_patience()
            throws IOException, InterruptedException {
        Duration fastest = start;
        for (int more = 2; more > 0 && fastest.compareTo(LONGEST_START) > 0; more--) {
            try (ServerContainer another = ServerContainer.start(image)) {
                Duration time = another.awaitReady();
                fastest = time.compareTo(fastest) < 0 ? time : fastest;
            }
        }
        assertTrue(fastest.compareTo(LONGEST_START) <= 0, fastest::toString);
    }

    @Test
    void it_has_no_rights_beyond_those_of_its_user() throws Exception {
        assertEquals("10001\t10001\t10001\t10001", server.processStatus("Uid"));
        assertEquals("0000000000000000", server.processStatus("CapEff"));
        assertEquals("1", server.processStatus("NoNewPrivs"));
        assertEquals("2", server.processStatus("Seccomp"));
    }

    @Test
    void a_picture_is_read() throws Exception {
        Path picture = DEMO.resolveSibling("evaluation/images/ocr_unseen_012.png");
        JsonNode answer =
                answer(
                        """
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,%s"}}\
                        """
                                .formatted(base64(Files.readAllBytes(picture))));
        assertEquals("sand Two", content(answer));
    }

    /// It is decoded by a process of its own, which confines itself further than the container does.
    @Test
    void a_video_is_seen_frame_by_frame() throws Exception {
        JsonNode answer =
                answer(
                        """
                        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,%s"}}\
                        """
                                .formatted(base64(resource("clip.mp4"))));
        assertFalse(content(answer).isBlank());
        int seen = answer.path("usage").path("prompt_tokens_details").path("video_tokens").asInt();
        assertTrue(seen > 0, answer.toString());
        assertFalse(server.log().contains("has no limits"), server.log());
    }

    /// The page's font is not in the document, so one of the image's is drawn.
    @Test
    void a_document_is_drawn_and_read() throws Exception {
        byte[] page = OnePage.of("sand two");
        JsonNode answer =
                answer(
                        """
                        {"type": "file", "file": {"filename": "page.pdf",
                         "file_data": "data:application/pdf;base64,%s"}}\
                        """
                                .formatted(base64(page)));
        String read = content(answer).toLowerCase(Locale.ROOT);
        assertTrue(read.startsWith("sand"), read); // the demo model reads the first word of a page
    }

    @Test
    void its_own_selftest_passes() throws Exception {
        Program test =
                server.command(
                        List.of(),
                        "selftest",
                        "--url=" + server.address(),
                        "--operations-url=" + server.operations());
        assertEquals(0, test.exitCode(), test.output());
    }

    @Test
    void a_model_is_installed_on_a_volume() throws Exception {
        Path volume = Files.createDirectory(folder.resolve("volume"));
        Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
        List<String> mounts =
                List.of("--volume=" + DEMO + ":/source:ro", "--volume=" + volume + ":/models");
        Program first = server.command(mounts, "install", "/source", "/models/demo");
        assertEquals(0, first.exitCode(), first.output());
        assertEquals(-1, mismatch(volume.resolve("demo"), "model-00001-of-00002.safetensors"));
        Program second = server.command(mounts, "install", "/source", "/models/demo");
        assertTrue(second.output().contains("installed before"), second.output());
    }

    /// A start, and an end in the middle of a stream.
    @Test
    void a_stopping_server_ends_no_stream_early() throws Exception {
        try (ServerContainer stopping = ServerContainer.start(image)) {
            List<String> seen = new ArrayList<>();
            while (!seen.contains("ready") && stopping.sinceStart().toMinutes() < 5) {
                note(seen, "live", stopping.status("/health/live"));
                note(seen, "started", stopping.status("/health/started"));
                note(seen, "ready", stopping.status("/health/ready"));
                Thread.sleep(20);
            }
            assertEquals(List.of("live", "started", "ready"), seen);

            HttpResponse<InputStream> response =
                    stopping.ask(
                            """
                            {"stream": true, "max_tokens": 600, "ignore_eos": true, "temperature": 0,
                             "messages": [{"role": "user", "content": "Count."}]}\
                            """);
            assertEquals(200, response.statusCode());
            try (BufferedReader events =
                    new BufferedReader(
                            new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
                String first = events.readLine();
                stopping.signal("TERM");
                List<String> rest = events.lines().filter(line -> !line.isEmpty()).toList();
                assertTrue(first.startsWith("data: {"), first);
                assertTrue(rest.size() > 100, rest.size() + " events after the signal");
                assertEquals("data: [DONE]", rest.getLast());
                assertTrue(
                        rest.get(rest.size() - 2).contains("\"finish_reason\":\"length\""),
                        rest.get(rest.size() - 2));
            }
            assertEquals(0, stopping.awaitExit());
        }
    }

    /// In the order in which they are first seen.
    private static void note(List<String> seen, String probe, int status) {
        if (status == 200 && !seen.contains(probe)) {
            seen.add(probe);
        }
    }

    private static JsonNode answer(String part) throws IOException, InterruptedException {
        HttpResponse<InputStream> response =
                server.ask(
                        """
                        {"max_tokens": 12, "temperature": 0, "messages": [{"role": "user", "content":
                         [%s, {"type": "text", "text": "What does it say?"}]}]}\
                        """
                                .formatted(part));
        JsonNode answer = JSON.readTree(response.body());
        assertEquals(200, response.statusCode(), () -> answer.toString());
        return answer;
    }

    private static String content(JsonNode answer) {
        return answer.path("choices").path(0).path("message").path("content").asText();
    }

    private static long mismatch(Path installed, String file) throws IOException {
        return Files.mismatch(installed.resolve(file), DEMO.resolve(file));
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = ServerContainerTest.class.getResourceAsStream("/image/" + name)) {
            return in.readAllBytes();
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
