package io.moonglass.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.marcnuri.helm.jni.HelmLib;
import com.marcnuri.helm.jni.NativeLibrary;
import com.marcnuri.helm.jni.RepoServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The image as clusters get it: out of a registry. The registry is a real one, in this process; it takes a minute or
/// two for a hundred megabytes.
class ImageRegistryTest {

    private static final String USER = "image";
    private static final String PASSWORD = "of-this-test-alone";

    private static HelmLib library;
    private static BuiltImage image;
    private static String reference;

    @TempDir private Path folder;

    @BeforeAll
    static void start_a_registry() throws IOException, InterruptedException {
        image = BuiltImage.get();
        library = NativeLibrary.getInstance().load();
        reference =
                "docker://%s/%s"
                        .formatted(
                                library.RepoOciServerStart(
                                                new RepoServerOptions("", USER, PASSWORD))
                                        .out
                                        .strip(),
                                BuiltImage.TAG);
    }

    @AfterAll
    static void stop_it() {
        if (library != null) {
            library.RepoServerStopAll(); // it listens on all addresses
        }
    }

    @Test
    void the_image_that_is_pulled_is_the_one_that_was_pushed() throws Exception {
        String pushed = copy("dest", "oci-archive:" + image.archive(), reference);
        String pulled = copy("src", reference, "oci-archive:" + folder.resolve("pulled.tar"));
        assertEquals(List.of(image.digest(), image.digest()), List.of(pushed, pulled));
    }

    /// @param side which of the two is the registry, as skopeo's options say
    /// @return the digest of the manifest that was written
    private String copy(String side, String source, String destination)
            throws IOException, InterruptedException {
        Path digest = folder.resolve(side + ".digest");
        Program.run(
                        folder.resolve(side + ".log"),
                        Map.of(),
                        List.of(
                                "skopeo",
                                "copy",
                                "--%s-tls-verify=false".formatted(side),
                                "--%s-creds=%s:%s".formatted(side, USER, PASSWORD),
                                "--digestfile=" + digest,
                                source,
                                destination))
                .succeeded();
        return Files.readString(digest).strip();
    }
}
