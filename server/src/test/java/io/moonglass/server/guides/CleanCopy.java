package io.moonglass.server.guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.server.conformance.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/// What a fresh clone has, as it is in the working tree, and what this build has made of it: the jar and its libraries,
/// so that the launcher has nothing to build.
final class CleanCopy {

    private CleanCopy() {}

    /// Skips the test where the working tree is none of git's.
    ///
    /// @param folder of the copy, which is not there yet
    static void make(Path repository, Path folder) throws IOException, InterruptedException {
        Machine.need(
                Machine.has("git") && Files.exists(repository.resolve(".git")),
                "git is not installed, or this is no clone; no clean copy is made");
        for (String name : trackedFiles(repository)) {
            Path file = repository.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                Path copy = folder.resolve(name);
                Files.createDirectories(copy.getParent());
                Files.copy(
                        file, copy, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            }
        }
        Path built = repository.resolve("server/target");
        Path jar = built.resolve("moonglass.jar");
        assertTrue(Files.exists(jar), jar + " is missing; 'package' writes it, so run 'verify'");
        Path target = Files.createDirectories(folder.resolve("server/target"));
        Files.createSymbolicLink(target.resolve("lib"), built.resolve("lib"));
        Path copy = Files.copy(jar, target.resolve("moonglass.jar"));
        // Newer than the folders of sources, which were made just now.
        Files.setLastModifiedTime(copy, FileTime.from(Instant.now().plusSeconds(1)));
    }

    private static String[] trackedFiles(Path repository) throws IOException, InterruptedException {
        Process git =
                new ProcessBuilder("git", "-c", "safe.directory=*", "ls-files", "-z")
                        .directory(repository.toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String names = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, git.waitFor(), "git lists no files of " + repository);
        return names.split("\0");
    }
}
