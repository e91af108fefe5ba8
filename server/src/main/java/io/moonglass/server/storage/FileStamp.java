package io.moonglass.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// How files were when they were looked at: where two stamps differ, something was written or replaced. Links are
/// followed, because Kubernetes replaces a mounted secret by turning a link round.
///
/// @param states one for each file, in their order
public record FileStamp(List<State> states) {

    /// @param size    -1 where there is no file that could be looked at
    /// @param fileKey the system's number for it; empty where the system has none
    public record State(long size, FileTime modified, Optional<String> fileKey) {

        private static final State UNREADABLE =
                new State(-1, FileTime.fromMillis(0), Optional.empty());

        private static State of(Path file) {
            try {
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class);
                return new State(
                        attributes.size(),
                        attributes.lastModifiedTime(),
                        Optional.ofNullable(attributes.fileKey()).map(Object::toString));
            } catch (IOException e) {
                return UNREADABLE;
            }
        }
    }

    /// Of these files as they are now.
    public static FileStamp of(Path... files) {
        return new FileStamp(Stream.of(files).map(State::of).toList());
    }
}
