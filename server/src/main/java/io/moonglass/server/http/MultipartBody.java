package io.moonglass.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.fileupload2.core.FileUploadException;
import org.apache.commons.fileupload2.core.MultipartInput;
import org.apache.commons.fileupload2.core.ParameterParser;

/// The parts of a form, one after another, as they come. Nothing is kept of a part but what its reader keeps.
///
/// Source: RFC 7578, "Returning Values from Forms: multipart/form-data".
final class MultipartBody {

    private static final int MAX_PARTS = 1_024;
    private static final int MAX_HEADER_BYTES = 4_096;
    private static final int MAX_BOUNDARY_CHARS = 70;

    /// One part; its content is gone when the next part is asked for.
    ///
    /// @param fileName    as the client calls it: no path, only a word
    /// @param contentType empty if the client does not say
    record Part(
            String name,
            Optional<String> fileName,
            Optional<String> contentType,
            InputStream content) {

        /// The part as a text.
        ///
        /// @throws HttpFault 413 if it is longer
        String text(int maxBytes) throws IOException {
            return new String(bytes(maxBytes), StandardCharsets.UTF_8);
        }

        /// @throws HttpFault 413 if there are more
        byte[] bytes(int maxBytes) throws IOException {
            byte[] bytes = readBy(content -> content.readNBytes(maxBytes));
            if (readBy(InputStream::read) >= 0) {
                throw HttpFault.invalidRequest(
                        413,
                        "request_too_large",
                        "the form's part %s is larger than %,d bytes; send less"
                                .formatted(HttpFault.quoted(name), maxBytes));
            }
            return bytes;
        }

        /// Makes something of the content as it comes, however large it is.
        ///
        /// @throws HttpFault 400 if it has no end
        <T> T readBy(ContentReader<T> reader) throws IOException {
            try {
                return reader.read(content);
            } catch (FileUploadException e) {
                throw malformed("the part %s has no end".formatted(HttpFault.quoted(name)));
            }
        }
    }

    /// Reads one part's content.
    interface ContentReader<T> {
        T read(InputStream content) throws IOException;
    }

    private final MultipartInput input;
    private int numParts;

    private MultipartBody(MultipartInput input) {
        this.input = input;
    }

    /// @throws HttpFault 400 if the content type names no good boundary
    static MultipartBody of(InputStream body, String contentType) throws IOException {
        Map<String, String> parameters = parameters(contentType);
        String boundary = parameters.get("boundary");
        if (boundary == null || boundary.isEmpty() || boundary.length() > MAX_BOUNDARY_CHARS) {
            throw malformed("its content type has no boundary of 1 to 70 characters");
        }
        try {
            return new MultipartBody(
                    MultipartInput.builder()
                            .setInputStream(body)
                            .setBoundary(boundary.getBytes(StandardCharsets.ISO_8859_1))
                            .setMaxPartHeaderSize(MAX_HEADER_BYTES)
                            .get());
        } catch (IllegalArgumentException e) {
            throw malformed("its content type has no boundary of 1 to 70 characters");
        }
    }

    /// The next part; empty after the last one.
    ///
    /// @throws HttpFault   400 if it is no form as it should be, or has too many parts
    /// @throws IOException if the body cannot be read
    Optional<Part> next() throws IOException {
        try {
            boolean isThere = numParts == 0 ? input.skipPreamble() : skipToNext();
            if (!isThere) {
                return Optional.empty();
            }
            if (++numParts > MAX_PARTS) {
                throw malformed("it has more than %,d parts".formatted(MAX_PARTS));
            }
            return Optional.of(part(input.readHeaders()));
        } catch (FileUploadException e) {
            throw malformed("a part has no end, or too many headers");
        }
    }

    private boolean skipToNext() throws IOException {
        input.discardBodyData();
        return input.readBoundary();
    }

    private Part part(String headers) throws IOException {
        Map<String, String> disposition = Map.of();
        Optional<String> contentType = Optional.empty();
        for (String line : headers.split("\r\n")) {
            int colon = line.indexOf(':');
            String key = line.substring(0, Math.max(0, colon)).strip().toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip();
            switch (key) {
                case "content-disposition" -> disposition = parameters(value);
                case "content-type" -> contentType = Optional.of(value);
                default -> {} // no other matters
            }
        }
        String name = disposition.get("name");
        if (name == null) {
            throw malformed("a part has no name in its Content-Disposition");
        }
        return new Part(
                name,
                Optional.ofNullable(disposition.get("filename")),
                contentType,
                input.newInputStream());
    }

    private static Map<String, String> parameters(String header) {
        ParameterParser parser = new ParameterParser();
        parser.setLowerCaseNames(true);
        return parser.parse(header, ';');
    }

    private static HttpFault malformed(String why) {
        return HttpFault.invalidRequest(400, "invalid_form", "the form cannot be read: " + why);
    }
}
