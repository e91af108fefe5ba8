package io.moonglass.runtime.fetch;

import io.moonglass.runtime.OverloadedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;

/// Writes a body to a file, which is opened and closed by who waits for it: nothing is written once
/// nobody does. Its lease grows before the file does.
final class FileSink implements BodySink {

    private static final Duration SOON = Duration.ofSeconds(10);

    private final FileChannel file;
    private final FetchBudget disk;
    private final FetchBudget.Lease lease;
    private final FetchFaults faults;

    FileSink(FileChannel file, FetchBudget disk, FetchBudget.Lease lease, FetchFaults faults) {
        this.file = file;
        this.disk = disk;
        this.lease = lease;
        this.faults = faults;
    }

    /// A server can lie, so no room is set aside.
    @Override
    public void announce(long numBytes) {}

    @Override
    public void write(byte[] bytes, int length) {
        if (!lease.tryGrow(length)) {
            throw refused(lease.held() + length);
        }
        try {
            ByteBuffer rest = ByteBuffer.wrap(bytes, 0, length);
            while (rest.hasRemaining()) {
                file.write(rest);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("what is fetched cannot be written", e);
        }
    }

    private RuntimeException refused(long wanted) {
        if (wanted > disk.capacity()) {
            return faults.tooLarge("more", disk.capacity());
        }
        return new OverloadedException(
                "media that were fetched fill the %,d bytes on disk that there are for them; ask again soon"
                        .formatted(disk.capacity()),
                SOON);
    }

    @Override
    public void end() {}
}
