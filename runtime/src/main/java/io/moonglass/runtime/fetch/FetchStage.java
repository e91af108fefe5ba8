package io.moonglass.runtime.fetch;

/// What a fetch is at.
enum FetchStage {
    WAITING,
    LOOKING_UP,
    CONNECTING,
    SECURING,
    ASKING,
    READING
}
