package io.moonglass.clients;

/// The body of every answer that is an error; the keys are always there, their values may be null.
public record ErrorBody(Detail error) {

    /// @param param the field at fault, as the caller wrote it
    /// @param code  what went wrong, for programs: `context_length_exceeded`, `invalid_image`, …
    public record Detail(String message, String type, String param, String code) {}
}
