package io.moonglass.runtime.fetch;

/// Takes the bytes of a body as they come.
interface BodySink {

    /// Called before the first byte, if the server said how many will come.
    void announce(long numBytes);

    /// @throws java.io.UncheckedIOException if they cannot be kept, which is not the server's fault
    void write(byte[] bytes, int length);

    /// Called after the last byte.
    void end();
}
