package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;

/// Tells the connection how long a write takes, and lets one write at a time through: in HTTP/2 a write is a frame.
final class WatchedWriter implements DataWriter {

    private final DataWriter writer;
    private final AcceptedConnection connection;
    private final Object turn = new Object();

    WatchedWriter(DataWriter writer, AcceptedConnection connection) {
        this.writer = writer;
        this.connection = connection;
    }

    private void watch(Runnable write) {
        synchronized (turn) {
            connection.writes();
            try {
                write.run();
            } finally {
                connection.hasWritten();
            }
        }
    }

    @Override
    public void write(BufferData... buffers) {
        watch(() -> writer.write(buffers));
    }

    @Override
    public void write(BufferData buffer) {
        watch(() -> writer.write(buffer));
    }

    @Override
    public void writeNow(BufferData... buffers) {
        watch(() -> writer.writeNow(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
        watch(() -> writer.writeNow(buffer));
    }

    @Override
    public void flush() {
        watch(writer::flush);
    }

    @Override
    public void close() {
        writer.close();
    }
}
