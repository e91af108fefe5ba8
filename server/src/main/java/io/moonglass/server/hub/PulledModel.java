package io.moonglass.server.hub;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.nio.file.Path;

/// A checkpoint that is here.
///
/// @param model    `ORG/NAME`
/// @param numBytes of all its files
public record PulledModel(
        String model,
        String commit,
        @JsonSerialize(using = ToStringSerializer.class) Path directory,
        @JsonProperty("files") int numFiles,
        @JsonProperty("bytes") long numBytes) {}
