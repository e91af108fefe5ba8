package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.json;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.server.files.FileStoreOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `/v1/files`, and what refers to files.
class FilesTest {

    private static final String FILES = "/v1/files";
    private static final String FORM = "multipart/form-data; boundary=xyz";
    private static final String PICTURE = "\u0089PNG\r\n--xy\r\n\u0000\u00ff";
    private static final byte[] PICTURE_BYTES = PICTURE.getBytes(ISO_8859_1);
    private static final int MAX_FILE_BYTES = 3 << 20;

    @TempDir private Path folder;
    private RunningServer server;

    @BeforeEach
    void start() {
        server = new RunningServer(options());
    }

    private ServerOptions options() {
        return ServerOptions.DEFAULT
                .withDrainTimeout(Duration.ZERO)
                .withMaxBodyBytes(1 << 20)
                .withBodyTimeout(Duration.ofMillis(500))
                .withFiles(
                        new FileStoreOptions(
                                folder, 4 << 20, 1_000, MAX_FILE_BYTES, Optional.empty()));
    }

    @AfterEach
    void a_good_upload_works_after_it_and_nothing_is_left_over() throws IOException {
        try (RunningServer _ = server) {
            assertEquals(200, post(form(PICTURE, "user_data")).statusCode());
            assertEquals(List.of(), onDisk(".part"));
        }
    }

    @Test
    void a_file_is_uploaded_found_fetched_and_deleted() throws Exception {
        JsonNode file = upload(PICTURE);

        assertTrue(file.get("id").textValue().matches("file-[0-9a-f]{32}"));
        assertEquals("file", file.get("object").textValue());
        assertEquals(PICTURE_BYTES.length, file.get("bytes").intValue());
        assertEquals("a b.png", file.get("filename").textValue());
        assertEquals("vision", file.get("purpose").textValue());
        assertEquals("processed", file.get("status").textValue());
        assertTrue(file.get("created_at").longValue() > 1_700_000_000L);
        assertNull(file.get("expires_at"));
        String path = FILES + "/" + file.get("id").textValue();
        assertEquals(file, json(server.get(path).body()));

        HttpResponse<byte[]> content =
                server.http.send(
                        server.request(path + "/content").build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertArrayEquals(PICTURE_BYTES, content.body());
        assertEquals(
                List.of("application/octet-stream"), content.headers().allValues("Content-Type"));
        assertEquals(List.of("attachment"), content.headers().allValues("Content-Disposition"));
        assertEquals(List.of("nosniff"), content.headers().allValues("X-Content-Type-Options"));

        JsonNode deleted = json(server.send(server.request(path).DELETE()).body());
        assertEquals(file.get("id"), deleted.get("id"));
        assertTrue(deleted.get("deleted").booleanValue());
        assertEquals(404, server.get(path).statusCode());
        assertEquals(404, server.get(path + "/content").statusCode());
        assertEquals("file_not_found", errorCode(server.send(server.request(path).DELETE())));
    }

    @Test
    void files_are_listed_part_by_part() {
        List<String> ids =
                Stream.of("a", "b", "c").map(text -> upload(text).get("id").textValue()).toList();

        JsonNode all = json(server.get(FILES).body());
        assertEquals("list", all.get("object").textValue());
        assertFalse(all.get("has_more").booleanValue());
        List<String> listed = all.get("data").findValuesAsText("id");
        assertEquals(3, listed.size());
        assertTrue(listed.containsAll(ids));
        assertEquals(listed.getFirst(), all.get("first_id").textValue());
        assertEquals(listed.getLast(), all.get("last_id").textValue());
        assertEquals(
                listed.reversed(),
                json(server.get(FILES + "?order=asc").body()).get("data").findValuesAsText("id"));

        JsonNode first = json(server.get(FILES + "?limit=2").body());
        assertEquals(listed.subList(0, 2), first.get("data").findValuesAsText("id"));
        assertTrue(first.get("has_more").booleanValue());
        JsonNode rest = json(server.get(FILES + "?limit=2&after=" + listed.get(1)).body());
        assertEquals(listed.subList(2, 3), rest.get("data").findValuesAsText("id"));
        assertFalse(rest.get("has_more").booleanValue());
        assertEquals(0, json(server.get(FILES + "?purpose=user_data").body()).get("data").size());
        for (String query : List.of("limit=0", "limit=10001", "order=up", "after=file-no")) {
            assertEquals(400, server.get(FILES + "?" + query).statusCode(), query);
        }
    }

    @Test
    void a_picture_is_shown_by_its_id_or_its_hash() {
        JsonNode file = upload(PICTURE);
        String id = file.get("id").textValue();
        String hash = "sha256:" + file.get("sha256").textValue();

        for (String part :
                List.of(
                        "{'type':'image_url','image_url':{'file_id':'ID'}}",
                        "{'type':'image_url','image_url':{'url':'HASH'}}",
                        "{'type':'image_url','image_url':{'url':'ID'}}",
                        "{'type':'image_url','image_url':'HASH'}",
                        "{'type':'image_file','image_file':{'file_id':'ID'}}",
                        "{'type':'input_image','file_id':'ID'}")) {
            shows(RunningServer.CHAT, "{'messages':[{'role':'user','content':[%s]}]}", part, file);
        }
        shows(
                "/v1/responses",
                "{'input':[{'role':'user','content':[%s]}]}",
                "{'type':'input_image','file_id':'ID'}",
                file);
        shows(
                "/v1/messages",
                "{'max_tokens':5,'messages':[{'role':'user','content':[%s]}]}",
                "{'type':'image','source':{'type':'file','file_id':'ID'}}",
                file);
        shows("/v1/vqa", "{'question':'what?','image':%s}", "'ID'", file);
        assertEquals(id, file.get("id").textValue());
        assertEquals(71, hash.length());
    }

    private void shows(String path, String body, String part, JsonNode file) {
        String filled =
                body.formatted(part)
                        .replace("ID", file.get("id").textValue())
                        .replace("HASH", "sha256:" + file.get("sha256").textValue())
                        .replace('\'', '"');

        HttpResponse<String> response =
                server.send(server.request(path).POST(BodyPublishers.ofString(filled)));

        assertEquals(200, response.statusCode(), filled + " -> " + response.body());
        MediaSource.Bytes shown =
                server.model.lastRequest().messages().stream()
                        .flatMap(message -> message.content().stream())
                        .filter(ContentPart.Picture.class::isInstance)
                        .map(shownPart ->
                                (MediaSource.Bytes) ((ContentPart.Picture) shownPart).source())
                        .findFirst()
                        .orElseThrow();
        assertArrayEquals(PICTURE_BYTES, shown.bytes(), filled);
    }

    @Test
    void a_file_that_is_not_there_is_told_by_its_place_in_the_request() {
        String nowhere = "file-" + "0".repeat(32);
        HttpResponse<String> response =
                server.chat(
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"file_id\":\"%s\"}}]}]}"
                                .formatted(nowhere));

        assertEquals(404, response.statusCode());
        JsonNode error = json(response.body()).get("error");
        assertEquals("file_not_found", error.get("code").textValue());
        assertEquals("messages[0].content[0].image_url.file_id", error.get("param").textValue());
    }

    @Test
    void the_files_of_one_request_are_no_larger_than_a_body() {
        String id = upload("x".repeat((1 << 20) + 1)).get("id").textValue();

        HttpResponse<String> response =
                server.chat(
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"file_id\":\"%s\"}}]}]}"
                                .formatted(id));

        assertEquals(413, response.statusCode());
    }

    @Test
    void a_restarted_server_has_the_files() {
        String id = upload(PICTURE).get("id").textValue();
        server.close();
        server = new RunningServer(options());

        assertEquals(200, server.get(FILES + "/" + id).statusCode());
    }

    @Test
    void each_key_has_its_own_files() throws Exception {
        server.close();
        Path keys = folder.resolve("keys");
        Files.writeString(
                keys,
                """
                alice ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
                bob cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34
                """);
        try (RunningServer keyed = new RunningServer(options().withApiKeys(ApiKeys.read(keys)))) {
            HttpRequest.Builder upload =
                    keyed.request(FILES)
                            .header("Content-Type", FORM)
                            .header("Authorization", "Bearer abc")
                            .POST(
                                    BodyPublishers.ofByteArray(
                                            form(PICTURE, "vision").getBytes(ISO_8859_1)));
            String path = FILES + "/" + json(keyed.send(upload).body()).get("id").textValue();

            assertEquals(200, status(keyed, "abc", path));
            assertEquals(404, status(keyed, "def", path));
            assertEquals(404, status(keyed, "def", path + "/content"));
            assertEquals(401, status(keyed, "xyz", path));
        }
        server = new RunningServer(options());
    }

    private static int status(RunningServer server, String key, String path) {
        return server.send(server.request(path).header("Authorization", "Bearer " + key))
                .statusCode();
    }

    @Test
    void a_file_expires_when_its_caller_says() {
        JsonNode file =
                json(
                        post(part("expires_after[anchor]", "created_at")
                                        + part("expires_after[seconds]", "3600")
                                        + form(PICTURE, "vision"))
                                .body());

        assertEquals(
                3_600, file.get("expires_at").longValue() - file.get("created_at").longValue());
        for (String seconds : List.of("59", "2592001", "-1", "1e5", "")) {
            HttpResponse<String> refused =
                    post(
                            part("expires_after[anchor]", "created_at")
                                    + part("expires_after[seconds]", seconds)
                                    + form(PICTURE, "vision"));
            assertEquals(400, refused.statusCode(), seconds);
            assertEquals(
                    "expires_after[seconds]", json(refused.body()).at("/error/param").textValue());
        }
        assertEquals(
                400,
                post(part("expires_after[seconds]", "60") + form(PICTURE, "vision")).statusCode());
    }

    @Test
    void a_form_that_is_none_of_ours_is_refused() {
        String file = part("file\"; filename=\"a.png", PICTURE);
        String purpose = part("purpose", "vision");

        assertEquals("purpose", refusedParam(file + "--xyz--"));
        assertEquals("purpose", refusedParam(file + part("purpose", "fine-tune") + "--xyz--"));
        assertEquals("file", refusedParam(purpose + "--xyz--"));
        assertEquals("file", refusedParam(purpose + file + file + "--xyz--"));
        assertEquals("file", refusedParam(purpose + part("file", PICTURE) + "--xyz--"));
        assertEquals(
                "file",
                refusedParam(
                        purpose + part("file\"; filename=\"" + "x".repeat(256), "x") + "--xyz--"));
    }

    private String refusedParam(String form) {
        HttpResponse<String> response = post(form);
        assertEquals(400, response.statusCode(), response.body());
        return json(response.body()).at("/error/param").textValue();
    }

    @Test
    void a_file_or_a_quota_that_is_too_small_is_told() {
        HttpResponse<String> large = post(form("x".repeat(MAX_FILE_BYTES + 1), "vision"));
        assertEquals(413, large.statusCode());
        assertEquals("file_too_large", errorCode(large));

        upload("x".repeat(MAX_FILE_BYTES));
        HttpResponse<String> more = post(form("y".repeat(2 << 20), "vision"));
        assertEquals(413, more.statusCode());
        assertEquals("files_quota_exceeded", errorCode(more));
    }

    @Test
    void a_body_far_larger_than_any_file_is_refused_before_it_is_read() throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, head(1L << 40));
            assertTrue(read(socket).startsWith("HTTP/1.1 413"));
        }
    }

    @Test
    void other_bodies_stay_as_small_as_they_were() {
        byte[] body = ("{\"x\":\"" + "x".repeat(1 << 20) + "\"}").getBytes(UTF_8);
        HttpRequest.Builder ofUnknownSize =
                server.request(RunningServer.CHAT)
                        .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)));

        for (HttpResponse<String> response :
                List.of(server.chat(body), server.send(ofUnknownSize))) {
            assertEquals(413, response.statusCode());
            assertEquals("request_too_large", errorCode(response));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "text/plain",
                "multipart/mixed; boundary=xyz",
                "application/x-www-form-urlencoded"
            })
    void a_body_of_another_type_is_refused(String type) {
        assertEquals(415, post(type, form(PICTURE, "vision")).statusCode());
    }

    @Test
    void a_form_without_its_boundary_is_refused() {
        for (String type : List.of("multipart/form-data", "multipart/form-data; boundary=")) {
            HttpResponse<String> response = post(type, form(PICTURE, "vision"));
            assertEquals(400, response.statusCode(), type);
            assertEquals("invalid_form", errorCode(response));
        }
        assertEquals(400, post("multipart/form-data; boundary=abc", form("x", "y")).statusCode());
        assertEquals(400, post("").statusCode());
    }

    @Test
    void a_form_that_has_no_end_is_refused() {
        String form = form(PICTURE, "vision");
        for (int length : new int[] {10, 60, 100, 130, form.length() - 4}) {
            HttpResponse<String> response = post(form.substring(0, length));
            assertEquals(400, response.statusCode(), "cut at " + length);
        }
        assertEquals(400, post(form.replace("--xyz--", "--xy--")).statusCode());
    }

    @Test
    void headers_and_parts_without_number_are_refused() {
        String header = "--xyz\r\nContent-Disposition: form-data; name=\"purpose\"\r\n";
        String bomb = header + "X-Y: z\r\n".repeat(10_000) + "\r\nvision\r\n--xyz--";
        assertEquals(400, post(bomb).statusCode());
        assertEquals(400, post(header + "X: " + "y".repeat(1 << 20)).statusCode());
        assertEquals(400, post(part("purpose", "vision").repeat(10_000) + "--xyz--").statusCode());
        assertEquals(400, post("--xyz\r\n\r\n\r\n".repeat(10_000) + "--xyz--").statusCode());
        assertEquals(
                413,
                post(part("purpose", "v".repeat(1 << 16)) + form(PICTURE, "vision")).statusCode());
    }

    @Test
    void a_client_that_leaves_leaves_nothing() throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, head(1 << 20) + part("file\"; filename=\"a", "half"));
        }
        waitUntilNothingComes();

        assertEquals(0, json(server.get(FILES).body()).get("data").size());
    }

    @Test
    void a_body_that_stands_still_is_given_up() throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, head(100) + part("file\"; filename=\"a", "half"));

            assertTrue(read(socket).startsWith("HTTP/1.1 408"));
        }
    }

    @Test
    void an_endless_body_is_refused_when_it_is_too_large() throws Exception {
        byte[] chunk = ("8000\r\n" + "x".repeat(0x8000) + "\r\n").getBytes(UTF_8);
        try (Socket socket = server.socket()) {
            String start =
                    "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
            write(
                    socket,
                    "POST /v1/files HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n\r\n%x\r\n%s\r\n"
                            .formatted(FORM, start.length(), start));
            for (int i = 0; i < MAX_FILE_BYTES / 0x8000 + 8; i++) {
                socket.getOutputStream().write(chunk);
            }
            assertTrue(read(socket).startsWith("HTTP/1.1 413"));
        }
    }

    @Test
    void a_server_without_files_says_so() {
        try (RunningServer none = new RunningServer()) {
            HttpResponse<String> response = none.get(FILES);
            assertEquals(501, response.statusCode());
            assertEquals("unsupported_feature", errorCode(response));
        }
    }

    private void waitUntilNothingComes() throws Exception {
        for (int i = 0; i < 1_000 && !onDisk(".part").isEmpty(); i++) {
            Thread.sleep(10);
        }
    }

    private JsonNode upload(String content) {
        HttpResponse<String> response = post(form(content, "vision"));
        assertEquals(200, response.statusCode(), response.body());
        return json(response.body());
    }

    private HttpResponse<String> post(String form) {
        return post(FORM, form);
    }

    private HttpResponse<String> post(String type, String form) {
        return server.send(
                server.request(FILES)
                        .header("Content-Type", type)
                        .POST(BodyPublishers.ofByteArray(form.getBytes(ISO_8859_1))));
    }

    private static String form(String content, String purpose) {
        return part("purpose", purpose)
                + part("file\"; filename=\"a b.png", content)
                + "--xyz--\r\n";
    }

    private static String part(String name, String content) {
        return "--xyz\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                .formatted(name, content);
    }

    private static String head(long length) {
        return "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                .formatted(FORM, length);
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }

    private List<Path> onDisk(String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }
}
