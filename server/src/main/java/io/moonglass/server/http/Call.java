package io.moonglass.server.http;

import io.moonglass.runtime.ChatRequest;
import java.time.Duration;
import java.util.Optional;

/// What a body asks for, in whichever dialect.
///
/// @param numAnswers answers to the one prompt
/// @param timeout    after which the answer is given up; empty if the caller did not say
/// @param stream     answer piece by piece
record Call(ChatRequest request, int numAnswers, Optional<Duration> timeout, boolean stream) {}
