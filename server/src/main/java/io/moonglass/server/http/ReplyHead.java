package io.moonglass.server.http;

/// What all records of one answer carry.
///
/// @param created seconds since 1970
record ReplyHead(String id, long created, String model) {

    static final String FINGERPRINT = "moonglass-" + Version.VERSION;

    /// @param prefix tells what kind of answer an id is of
    static ReplyHead of(String prefix, String model) {
        return new ReplyHead(prefix + RequestId.random(), System.currentTimeMillis() / 1000, model);
    }
}
