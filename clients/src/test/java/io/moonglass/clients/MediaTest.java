package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What stands in a request for pictures, videos and documents.
@Timeout(60)
class MediaTest {

    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', 1, 2, 3};
    private static final String PNG_ADDRESS = "data:image/png;base64,iVBORwECAw==";

    @TempDir private Path folder;

    private final LoopbackServer server = new LoopbackServer();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void what_is_small_stands_in_the_request_and_what_has_an_address_keeps_it() throws Exception {
        Path file = Files.write(folder.resolve("a.png"), PNG);
        URI far = URI.create("https://example.com/a.mp4");
        JsonNode content =
                sent(
                                server.client().build(),
                                ContentPart.image(PNG).withDetail("low"),
                                ContentPart.image(file).withMaxPixels(784),
                                ContentPart.image(file.toUri()),
                                ContentPart.video(far).withFps(2).withTimestamps(true),
                                ContentPart.document(MediaSource.of(far)).withPages("1-3"),
                                ContentPart.document("%PDF-1.7".getBytes()),
                                ContentPart.image(new MediaSource.Uploaded("file-1")))
                        .at("/messages/0/content");

        assertEquals(
                Json.MAPPER.readTree(
                        """
                        [{"type": "image_url", "image_url": {"url": "%1$s", "detail": "low"}},
                         {"type": "image_url", "image_url": {"url": "%1$s", "max_pixels": 784}},
                         {"type": "image_url", "image_url": {"url": "%1$s"}},
                         {"type": "video_url", "video_url":
                           {"url": "https://example.com/a.mp4", "fps": 2.0, "timestamps": true}},
                         {"type": "file", "file":
                           {"file_url": "https://example.com/a.mp4", "pages": "1-3"}},
                         {"type": "file", "file":
                           {"file_data": "data:application/pdf;base64,JVBERi0xLjc="}},
                         {"type": "image_url", "image_url": {"url": "file-1"}},
                         {"type": "text", "text": "what?"}]
                        """
                                .formatted(PNG_ADDRESS)),
                content);
    }

    @Test
    void what_is_large_is_uploaded_once_and_shown_by_its_id() throws Exception {
        Path file = Files.write(folder.resolve("large \"one\".png"), new byte[5_000]);
        MoonglassClient client = server.client().uploadOver(1_000).build();
        server.answer(200, "{\"id\":\"file-7\"}");

        JsonNode first = sent(client, ContentPart.image(file), ContentPart.image(PNG));
        JsonNode second = sent(client, ContentPart.image(file));

        LoopbackServer.Request upload = server.requests().get(0);
        assertEquals("/v1/files", upload.path());
        assertTrue(upload.body().contains("filename=\"large %22one%22.png\""), upload.body());
        assertTrue(upload.body().contains("name=\"expires_after[seconds]\"\r\n\r\n86400\r\n"));
        assertEquals("file-7", first.at("/messages/0/content/0/image_url/url").textValue());
        assertEquals(PNG_ADDRESS, first.at("/messages/0/content/1/image_url/url").textValue());
        assertEquals("file-7", second.at("/messages/0/content/0/image_url/url").textValue());
        assertEquals(3, server.requests().size());
    }

    @Test
    void a_file_that_has_changed_is_uploaded_again() throws Exception {
        Path file = Files.write(folder.resolve("a.png"), new byte[5_000]);
        MoonglassClient client = server.client().uploadOver(1_000).build();
        server.answer(200, "{\"id\":\"file-1\"}");
        sent(client, ContentPart.image(file));
        Files.write(file, new byte[6_000]);
        server.answer(200, "{\"id\":\"file-2\"}");

        JsonNode body = sent(client, ContentPart.image(file));

        assertEquals("file-2", body.at("/messages/0/content/0/image_url/url").textValue());
    }

    @Test
    void a_file_that_was_deleted_is_uploaded_again() throws Exception {
        MoonglassClient client = server.client().uploadOver(3).build();
        server.answer(200, "{\"id\":\"file-1\"}");
        sent(client, ContentPart.image(PNG));
        server.answer(200, "{\"id\":\"file-1\",\"deleted\":true}")
                .answer(200, "{\"id\":\"file-2\"}");

        client.files().delete("file-1");

        JsonNode body = sent(client, ContentPart.image(PNG));
        assertEquals("file-2", body.at("/messages/0/content/0/image_url/url").textValue());
    }

    @Test
    void where_a_server_keeps_no_files_all_stand_in_the_request() throws Exception {
        MoonglassClient client = server.client().uploadOver(3).build();
        server.answer(501, LoopbackServer.error("unsupported_feature", "none are kept"));

        for (int i = 0; i < 2; i++) {
            JsonNode body = sent(client, ContentPart.image(PNG));
            assertEquals(PNG_ADDRESS, body.at("/messages/0/content/0/image_url/url").textValue());
        }
        assertEquals(3, server.requests().size());
    }

    @Test
    void an_upload_that_fails_fails_the_request() {
        MoonglassClient client = server.client().uploadOver(3).build();
        server.answer(413, LoopbackServer.error("file_too_large", "too large"));

        RequestTooLargeException fault =
                assertThrows(
                        RequestTooLargeException.class,
                        () -> client.ask("what?", ContentPart.image(PNG)));

        assertEquals("file_too_large", fault.code());
        assertEquals(1, server.requests().size());
    }

    @Test
    void a_file_that_cannot_be_read_is_named() {
        ContentPart missing = ContentPart.image(folder.resolve("missing.png"));
        MoonglassClient client = server.client().build();

        UncheckedIOException fault =
                assertThrows(UncheckedIOException.class, () -> client.ask("what?", missing));
        UncheckedIOException streamed =
                assertThrows(
                        UncheckedIOException.class,
                        () -> client.stream(ChatCompletionRequest.of("what?", missing)));

        assertTrue(fault.getMessage().contains("missing.png"));
        assertTrue(streamed.getMessage().contains("missing.png"));
        assertTrue(server.requests().isEmpty());
    }

    @Test
    void questions_about_media_stand_flat() throws Exception {
        server.answer(200, "{\"answer\":\"yes\"}");
        server.client()
                .build()
                .vqa(
                        VqaRequest.builder("what?")
                                .show(ContentPart.image(PNG))
                                .show(ContentPart.image(new MediaSource.Uploaded("file-1")))
                                .show(ContentPart.document(PNG).withPages("2"))
                                .temperature(0)
                                .build());

        assertEquals(
                Json.MAPPER.readTree(
                        """
                        {"temperature": 0.0, "images": ["%1$s", "file-1"], "document": "%1$s",
                         "pages": "2", "question": "what?"}
                        """
                                .formatted(PNG_ADDRESS)),
                Json.MAPPER.readTree(server.requests().get(0).body()));
    }

    @Test
    void what_bytes_are_their_beginning_says() {
        assertEquals("image/jpeg", MediaType.of(new byte[] {(byte) 0xff, (byte) 0xd8, -1}));
        assertEquals("image/webp", MediaType.of("RIFF....WEBPVP8 ".getBytes()));
        assertEquals("video/x-msvideo", MediaType.of("RIFF....AVI LIST".getBytes()));
        assertEquals("video/mp4", MediaType.of("\0\0\0 ftypisom".getBytes()));
        assertEquals("application/octet-stream", MediaType.of(new byte[0]));
        assertFalse(new MediaSource.Bytes(PNG).equals(new MediaSource.Bytes(new byte[1])));
        assertEquals(new MediaSource.Bytes(PNG), new MediaSource.Bytes(PNG.clone()));
    }

    /// The body of a chat about media.
    private JsonNode sent(MoonglassClient client, ContentPart... media) throws IOException {
        server.answer(200, LoopbackServer.answerOf("yes"));
        client.ask("what?", media);
        LoopbackServer.Request last = server.requests().get(server.requests().size() - 1);
        return Json.MAPPER.readTree(last.body());
    }
}
