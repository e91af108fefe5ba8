package io.moonglass.runtime.wire;

/// What all records of one answer carry.
///
/// @param created     seconds since 1970
/// @param fingerprint of the program that answers
public record AnswerHead(String id, long created, String model, String fingerprint) {}
