package io.moonglass.clients;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// A form of fields and files, which are read as they are sent.
///
/// Source: RFC 7578, and WHATWG HTML for names with quotes.
final class MultipartForm {

    private final String boundary;
    private final List<BodyPublisher> parts = new ArrayList<>();

    /// @param boundary which none of the parts contains
    MultipartForm(String boundary) {
        this.boundary = boundary;
    }

    static String newBoundary() {
        return UUID.randomUUID().toString();
    }

    static String contentType(String boundary) {
        return "multipart/form-data; boundary=" + boundary;
    }

    void field(String name, String value) {
        text(
                "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                        .formatted(boundary, name, value));
    }

    void file(String name, String fileName, MediaSource source) {
        text(
                ("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
                                + "Content-Type: application/octet-stream\r\n\r\n")
                        .formatted(boundary, name, quoted(fileName)));
        parts.add(content(source));
        text("\r\n");
    }

    private static BodyPublisher content(MediaSource source) {
        if (source instanceof MediaSource.Bytes inMemory) {
            return BodyPublishers.ofByteArray(inMemory.bytes());
        }
        if (source instanceof MediaSource.LocalFile file) {
            return ofFile(file.path());
        }
        throw new IllegalArgumentException(
                "%s is no file of this machine; want a path or bytes".formatted(source));
    }

    private static BodyPublisher ofFile(Path path) {
        try {
            return BodyPublishers.ofFile(path);
        } catch (FileNotFoundException e) {
            throw new UncheckedIOException(path + " cannot be read", e);
        }
    }

    BodyPublisher body() {
        text("--%s--\r\n".formatted(boundary));
        return BodyPublishers.concat(parts.toArray(BodyPublisher[]::new));
    }

    private void text(String text) {
        parts.add(BodyPublishers.ofString(text, StandardCharsets.UTF_8));
    }

    private static String quoted(String name) {
        return name.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
    }
}
