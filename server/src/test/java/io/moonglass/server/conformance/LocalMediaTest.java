package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.image.TestPictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `file:` addresses where the operator lets requests read one folder. Whatever lies outside of it is told like what is
/// not there.
class LocalMediaTest {

    @TempDir static Path temporary;
    @TempDir static Path parent;
    private static Path media;
    private static MediaServer server;

    @BeforeAll
    static void start() throws IOException {
        media = Files.createDirectories(parent.resolve("media"));
        byte[] png = TestPictures.bytes("rgb.png");
        Files.write(media.resolve("good.png"), png);
        Files.write(media.resolve("a b.png"), png);
        Files.createDirectories(media.resolve("inner"));
        Files.createSymbolicLink(media.resolve("inner/link.png"), media.resolve("good.png"));
        Files.write(parent.resolve("secret.png"), png);
        Files.createDirectories(parent.resolve("media2"));
        Files.write(parent.resolve("media2/secret.png"), png);
        Files.createSymbolicLink(media.resolve("out.png"), parent.resolve("secret.png"));
        Files.createSymbolicLink(media.resolve("outside"), parent);
        Files.createSymbolicLink(media.resolve("passwd"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(media.resolve("loop"), media.resolve("loop"));
        server =
                new MediaServer(
                        temporary,
                        options -> options.withMedia(MediaOptions.DEFAULT.withFolder(media)));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() {
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    private static String at(String pattern) {
        return pattern.replace("MEDIA", media.toString()).replace("PARENT", parent.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file://MEDIA/good.png",
                "file:MEDIA/good.png",
                "FILE://MEDIA/good.png",
                "file://MEDIA/a%20b.png",
                "file://MEDIA/inner/link.png",
                "file://MEDIA/inner/../good.png",
                "file://MEDIA/%67ood.png"
            })
    void a_file_of_the_folder_is_read(String pattern) {
        for (MediaPlace place : MediaPlace.values()) {
            server.assertAnswered(place, at(pattern));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file://MEDIA/none.png",
                "file://PARENT/secret.png",
                "file://PARENT/none.png",
                "file://PARENT/media2/secret.png",
                "file://MEDIA/../secret.png",
                "file://MEDIA/%2e%2e/secret.png",
                "file://MEDIA/..%2fsecret.png",
                "file://MEDIA/%2e%2e%2fsecret.png",
                "file://MEDIA/out.png",
                "file://MEDIA/outside/secret.png",
                "file://MEDIA/outside/media/../secret.png",
                "file://MEDIA/passwd",
                "file://MEDIA/loop",
                "file://MEDIA",
                "file://MEDIA/",
                "file://MEDIA/inner",
                "file://localhostMEDIA/good.png",
                "file://127.0.0.1MEDIA/good.png",
                "file://user@MEDIA/good.png",
                "file:MEDIA/good.png?a",
                "file:MEDIA/good.png#a",
                "file://MEDIA/good.png%00",
                "file://MEDIA/good.png%00.jpg",
                "file://MEDIA/good.png\u0000",
                "file:good.png",
                "file:../good.png",
                "file:",
                "file://",
                "file:///",
                "file:////etc/passwd",
                "file:///etc/passwd",
                "file:///etc/shadow",
                "file:///proc/self/environ",
                "file:///proc/self/mem",
                "file:///proc/self/cwd/pom.xml",
                "file:///dev/zero",
                "file:///dev/stdin",
                "file://MEDIA/%zz",
                "file:\\\\MEDIA\\good.png"
            })
    void whatever_is_elsewhere_is_not_there(String pattern) {
        String url = at(pattern);
        String before = null;
        for (MediaPlace place : MediaPlace.values()) {
            String said =
                    server.assertRefused(place, url, "", 400, "invalid_value", place.param())
                            .replace(place.param() + ": ", "");
            assertTrue(before == null || before.equals(said), said);
            assertTrue(said.startsWith("there is no such file"), said);
            before = said;
        }
    }

    @Test
    void a_pipe_is_not_waited_for() throws Exception {
        Path pipe = media.resolve("pipe.png");
        try {
            Process made = new ProcessBuilder("mkfifo", pipe.toString()).start();
            Assumptions.assumeTrue(made.waitFor(20, TimeUnit.SECONDS) && made.exitValue() == 0);
        } catch (IOException e) {
            Assumptions.abort("makes a pipe with mkfifo, which is not there");
        }
        for (MediaPlace place : MediaPlace.values()) {
            server.assertRefused(place, "file://" + pipe, 400, "invalid_value");
        }
    }

    @Test
    void what_is_no_medium_is_not_shown() throws IOException {
        Files.writeString(media.resolve("words.txt"), "a secret word");
        for (MediaPlace place : MediaPlace.values()) {
            String said =
                    server.assertRefused(
                            place,
                            at("file://MEDIA/words.txt"),
                            "",
                            422,
                            "unsupported_media",
                            place.param());
            assertTrue(!said.contains("secret"), said);
        }
    }
}
