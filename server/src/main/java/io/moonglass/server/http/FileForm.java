package io.moonglass.server.http;

import io.moonglass.runtime.wire.WellFormed;
import io.moonglass.server.files.FileUpload;
import io.moonglass.server.files.StoredFile;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The form that a file is uploaded with. Its fields may come before the file or after it.
final class FileForm {

    private static final int MAX_FIELD_BYTES = 4_096;
    private static final int MAX_NAME_CHARS = 255;
    private static final long MIN_EXPIRY_SECONDS = 60;
    private static final long MAX_EXPIRY_SECONDS = 30L * 24 * 3_600;
    private static final String FILE = "file";
    private static final String PURPOSE = "purpose";
    private static final String EXPIRY_ANCHOR = "expires_after[anchor]";
    private static final String EXPIRY_SECONDS = "expires_after[seconds]";

    /// They decide nothing here; those of other services' own features are not among them.
    private static final Set<String> PURPOSES = Set.of("vision", "user_data", "assistants");

    private final Map<String, String> fields = new HashMap<>();
    private Optional<String> fileName = Optional.empty();

    private FileForm() {}

    /// Reads all of a form, and keeps its file.
    ///
    /// @throws HttpFault   if it is no such form
    /// @throws IOException if the body cannot be read
    static StoredFile keep(MultipartBody body, FileUpload upload) throws IOException {
        FileForm form = new FileForm();
        for (Optional<MultipartBody.Part> next; (next = body.next()).isPresent(); ) {
            form.take(next.get(), upload);
        }
        return form.keep(upload);
    }

    private void take(MultipartBody.Part part, FileUpload upload) throws IOException {
        if (!part.name().equals(FILE)) {
            fields.put(part.name(), part.text(MAX_FIELD_BYTES));
            return;
        }
        if (fileName.isPresent()) {
            throw invalid(FILE, "the form has more than one file; upload one after the other");
        }
        fileName = Optional.of(name(part));
        part.readBy(content -> {
            upload.receive(content);
            return null;
        });
    }

    private static String name(MultipartBody.Part part) {
        String name = WellFormed.text(part.fileName().orElse(""));
        if (name.isBlank() || name.length() > MAX_NAME_CHARS) {
            throw invalid(
                    FILE,
                    "the part file has a name of %,d characters; want a file's name, of 1 to %d"
                            .formatted(name.length(), MAX_NAME_CHARS));
        }
        return name;
    }

    private StoredFile keep(FileUpload upload) {
        String name =
                fileName.orElseThrow(() ->
                        invalid(FILE, "the form has no part file; want the file's bytes in it"));
        String purpose = fields.get(PURPOSE);
        if (purpose == null || !PURPOSES.contains(purpose)) {
            throw invalid(
                    PURPOSE,
                    "purpose is %s; want vision, user_data or assistants"
                            .formatted(purpose == null ? "missing" : HttpFault.quoted(purpose)));
        }
        return upload.keep(name, purpose, expiry());
    }

    private Optional<Duration> expiry() {
        String seconds = fields.get(EXPIRY_SECONDS);
        String anchor = fields.get(EXPIRY_ANCHOR);
        if (seconds == null && anchor == null) {
            return Optional.empty();
        }
        if (!"created_at".equals(anchor)) {
            throw invalid(
                    EXPIRY_ANCHOR,
                    "%s is %s; want created_at"
                            .formatted(
                                    EXPIRY_ANCHOR,
                                    anchor == null ? "missing" : HttpFault.quoted(anchor)));
        }
        boolean isGood =
                seconds != null
                        && seconds.matches("[0-9]{1,9}")
                        && Long.parseLong(seconds) >= MIN_EXPIRY_SECONDS
                        && Long.parseLong(seconds) <= MAX_EXPIRY_SECONDS;
        if (!isGood) {
            throw invalid(
                    EXPIRY_SECONDS,
                    "%s is %s; want a number of seconds from %d to %d"
                            .formatted(
                                    EXPIRY_SECONDS,
                                    seconds == null ? "missing" : HttpFault.quoted(seconds),
                                    MIN_EXPIRY_SECONDS,
                                    MAX_EXPIRY_SECONDS));
        }
        return Optional.of(Duration.ofSeconds(Long.parseLong(seconds)));
    }

    private static HttpFault invalid(String param, String message) {
        return HttpFault.invalidValue(param, message);
    }
}
