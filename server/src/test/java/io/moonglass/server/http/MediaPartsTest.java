package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.VideoSettings;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How videos and documents stand in requests of all dialects.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MediaPartsTest {

    private static final String VIDEO = "https://example.org/a.mp4";
    private static final String PDF = "https://example.org/a.pdf";

    private final RunningServer server = new RunningServer();

    @AfterAll
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type': 'video_url', 'video_url': {'url': '%s'}}",
                "{'type': 'video_url', 'video_url': '%s'}",
                "{'type': 'video', 'video': '%s'}",
                "{'type': 'input_video', 'video_url': '%s'}"
            })
    void a_video_is_taken_in_each_way_that_clients_write_it(String part) {
        ContentPart.Video video = (ContentPart.Video) chat(part.formatted(VIDEO));

        assertEquals(new MediaSource.Address(VIDEO), video.source());
        assertEquals(VideoSettings.DEFAULT, video.settings());
    }

    @Test
    void a_video_says_how_it_is_shown() {
        ContentPart.Video video =
                (ContentPart.Video)
                        chat(
                                ("{'type': 'video_url', 'video_url': {'url': '%s', 'fps': 2.5, 'max_frames': 7,"
                                                + " 'max_video_tokens': 900, 'max_pixels': 50000, 'timestamps': true}}")
                                        .formatted(VIDEO));

        assertEquals(
                new VideoSettings(
                        OptionalDouble.of(2.5),
                        OptionalInt.of(7),
                        OptionalInt.of(900),
                        OptionalLong.of(50_000),
                        true),
                video.settings());
        assertEquals("messages[0].content[0].video_url.url", video.param());
    }

    @Test
    void what_other_servers_say_of_all_videos_holds_here_too() {
        post(
                "/v1/chat/completions",
                ("{'messages': [{'role': 'user', 'content': [{'type': 'video_url', 'video_url': {'url': '%s', 'fps': 3}}]}],"
                                + " 'media_io_kwargs': {'video': {'num_frames': 12, 'fps': 1}},"
                                + " 'mm_processor_kwargs': {'max_pixels': 40000}}")
                        .formatted(VIDEO));

        VideoSettings settings = ((ContentPart.Video) lastPart()).settings();
        assertEquals(3, settings.fps().orElseThrow());
        assertEquals(12, settings.maxFrames().orElseThrow());
        assertEquals(40_000, settings.maxPixels().orElseThrow());
    }

    @Test
    void frames_are_a_video_whether_as_a_list_or_in_one_address() {
        for (String part :
                List.of(
                        "{'type': 'video', 'video': ['data:image/jpeg;base64,AA', 'data:image/jpeg;base64,BB']}",
                        "{'type': 'video_url', 'video_url': {'frames': ['data:image/jpeg;base64,AA', 'data:image/jpeg;base64,BB']}}",
                        "{'type': 'video_url', 'video_url': {'url': 'data:video/jpeg;base64,AA,BB'}}")) {
            ContentPart.Frames frames = (ContentPart.Frames) chat(part);

            assertEquals(
                    List.of("data:image/jpeg;base64,AA", "data:image/jpeg;base64,BB"),
                    frames.frames().stream()
                            .map(frame -> ((MediaSource.Address) frame.source()).url())
                            .toList());
        }
    }

    @Test
    void thousands_of_frames_in_one_address_are_refused_while_it_is_cut_up() {
        String address = "data:video/jpeg;base64,AA" + ",AA".repeat(1_024);

        HttpResponse<String> refused =
                post(
                        "/v1/chat/completions",
                        message("{'type': 'video', 'video': '%s'}".formatted(address)));

        assertEquals(413, refused.statusCode(), refused.body());
        assertTrue(refused.body().contains("1,024 frames"), refused.body());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    'fps': 0                    | fps
                    'fps': -1                   | fps
                    'fps': 1e308                | fps
                    'fps': '2'                  | fps
                    'max_frames': 0             | max_frames
                    'max_frames': 100000        | max_frames
                    'max_frames': 2.5           | max_frames
                    'max_video_tokens': -5      | max_video_tokens
                    'timestamps': 1             | timestamps
                    'max_pixels': 1             | max_pixels
                    """)
    void a_senseless_setting_is_refused_by_its_name(String setting, String field) {
        HttpResponse<String> refused =
                post(
                        "/v1/chat/completions",
                        message(
                                "{'type': 'video_url', 'video_url': {'url': '%s', %s}}"
                                        .formatted(VIDEO, setting.replace("'2'", "\"2\""))));

        assertEquals(400, refused.statusCode(), refused.body());
        assertEquals(
                "messages[0].content[0].video_url." + field,
                json(refused.body()).at("/error/param").textValue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type': 'file', 'file': {'file_url': '%s', 'pages': '2-3'}}",
                "{'type': 'input_file', 'file_url': '%s', 'pages': '2-3'}"
            })
    void a_document_is_taken_with_its_pages(String part) {
        ContentPart.File file = (ContentPart.File) chat(part.formatted(PDF));

        assertEquals(new MediaSource.Address(PDF), file.source());
        assertArrayEquals(new int[] {1, 2}, file.pages().in(9, 9));
    }

    @Test
    void a_documents_bytes_may_be_base64_or_an_address() {
        for (String data : List.of("data:application/pdf;base64,JVBERg==", "JVBERg==")) {
            ContentPart.File file =
                    (ContentPart.File)
                            chat(
                                    "{'type': 'file', 'file': {'filename': 'a.pdf', 'file_data': '%s'}}"
                                            .formatted(data));

            String url = ((MediaSource.Address) file.source()).url();
            assertTrue(url.startsWith("data:") && url.endsWith(",JVBERg=="), url);
        }
    }

    @Test
    void responses_take_documents_and_videos() {
        post(
                "/v1/responses",
                ("{'input': [{'role': 'user', 'content': [{'type': 'input_file', 'file_url': '%s'},"
                                + " {'type': 'input_video', 'video_url': '%s'}]}]}")
                        .formatted(PDF, VIDEO));

        List<ContentPart> parts = server.model.lastRequest().messages().getFirst().content();
        assertEquals(new MediaSource.Address(PDF), ((ContentPart.File) parts.get(0)).source());
        assertEquals(new MediaSource.Address(VIDEO), ((ContentPart.Video) parts.get(1)).source());
    }

    @Test
    void messages_take_documents_of_every_source() {
        post(
                "/v1/messages",
                ("{'max_tokens': 5, 'messages': [{'role': 'user', 'content': ["
                                + "{'type': 'document', 'source': {'type': 'url', 'url': '%s'}},"
                                + "{'type': 'document', 'source': {'type': 'base64', 'media_type': 'application/pdf', 'data': 'JVBERg=='}},"
                                + "{'type': 'document', 'source': {'type': 'text', 'media_type': 'text/plain', 'data': 'words'}}]}]}")
                        .formatted(PDF));

        List<ContentPart> parts = server.model.lastRequest().messages().getFirst().content();
        assertEquals(new MediaSource.Address(PDF), ((ContentPart.File) parts.get(0)).source());
        assertTrue(parts.get(1) instanceof ContentPart.File);
        assertEquals(new ContentPart.Text("words"), parts.get(2));
    }

    @Test
    void a_question_may_be_about_a_video_or_a_document() {
        post(
                "/v1/vqa",
                "{'video': '%s', 'fps': 2, 'document': '%s', 'pages': '1', 'question': 'what?', 'max_tokens': 9}"
                        .formatted(VIDEO, PDF));

        List<ContentPart> parts = server.model.lastRequest().messages().getFirst().content();
        ContentPart.Video video = (ContentPart.Video) parts.get(0);
        assertEquals(2, video.settings().fps().orElseThrow());
        assertEquals(OptionalInt.empty(), video.settings().maxTokens());
        assertArrayEquals(new int[] {0}, ((ContentPart.File) parts.get(1)).pages().in(9, 9));
        assertEquals(9, server.model.lastRequest().answer().maxTokens().orElseThrow());
    }

    @Test
    void the_detail_of_a_question_holds_for_all_of_its_pictures() {
        post(
                "/v1/vqa",
                "{'image': 'https://example.org/a.png', 'detail': 'low', 'question': 'what?'}");

        assertEquals(200_704, ((ContentPart.Picture) lastPart()).maxPixels().orElseThrow());
    }

    @Test
    void a_document_that_is_to_be_cited_is_refused_and_not_answered_without() {
        String document =
                "{'max_tokens': 5, 'messages': [{'role': 'user', 'content': [{'type': 'document', 'citations': {'enabled': %s},"
                        + " 'source': {'type': 'text', 'media_type': 'text/plain', 'data': 'words'}}]}]}";

        assertEquals(501, post("/v1/messages", document.formatted("true")).statusCode());
        assertEquals(200, post("/v1/messages", document.formatted("false")).statusCode());
    }

    private ContentPart chat(String part) {
        HttpResponse<String> response = post("/v1/chat/completions", message(part));
        assertEquals(200, response.statusCode(), response.body());
        return lastPart();
    }

    private ContentPart lastPart() {
        return server.model.lastRequest().messages().getFirst().content().getFirst();
    }

    private static String message(String part) {
        return "{'messages': [{'role': 'user', 'content': [%s]}]}".formatted(part);
    }

    private HttpResponse<String> post(String path, String body) {
        return server.post(path, body.replace('\'', '"'));
    }
}
