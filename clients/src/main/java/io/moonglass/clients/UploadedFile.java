package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/// A file that the server keeps.
///
/// @param bytes     its size
/// @param createdAt seconds since 1970
/// @param expiresAt seconds since 1970; null if it does not expire
/// @param sha256    of its bytes, in hexadecimal digits
@JsonNaming(SnakeCaseStrategy.class)
public record UploadedFile(
        String id,
        String object,
        long bytes,
        long createdAt,
        @JsonInclude(JsonInclude.Include.NON_NULL) Long expiresAt,
        String filename,
        String purpose,
        String status,
        String sha256) {}
