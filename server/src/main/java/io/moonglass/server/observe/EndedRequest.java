package io.moonglass.server.observe;

import io.moonglass.runtime.RequestTimeline;

/// A request for an answer that has ended.
///
/// @param requestId as its client knows it
/// @param path      that it was sent to
/// @param key       the name of its API key; empty where none was sent or none is wanted
/// @param outcome   what became of it
/// @param timeline  its stages, all of which have ended, its model and its tokens
public record EndedRequest(
        String requestId, String path, String key, Outcome outcome, RequestTimeline timeline) {}
