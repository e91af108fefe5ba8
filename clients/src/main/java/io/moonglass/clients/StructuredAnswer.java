package io.moonglass.clients;

/// An answer that was made a record.
///
/// @param completion the whole answer, with its usage
public record StructuredAnswer<T>(T value, ChatCompletion completion) {}
