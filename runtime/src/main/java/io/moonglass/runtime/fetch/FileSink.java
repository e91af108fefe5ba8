package io.moonglass.runtime.fetch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Writes a body to a file, which is opened and closed by who waits for it: nothing is written once
/// nobody does.
final class FileSink implements BodySink {

    private final FileChannel file;

    FileSink(FileChannel file) {
        this.file = file;
    }

    /// A server can lie, so no room is set aside.
    @Override
    public void announce(long numBytes) {}

    @Override
    public void write(byte[] bytes, int length) {
        try {
            ByteBuffer rest = ByteBuffer.wrap(bytes, 0, length);
            while (rest.hasRemaining()) {
                file.write(rest);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("what is fetched cannot be written", e);
        }
    }

    @Override
    public void end() {}
}
