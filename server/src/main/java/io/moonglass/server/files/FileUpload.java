package io.moonglass.server.files;

import io.moonglass.loader.digest.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/// A file while it is uploaded. What has come lies in a file of its own, which is gone when this is closed before
/// [#keep]. Used by one thread.
public final class FileUpload implements AutoCloseable {

    private static final int CHUNK_BYTES = 1 << 16;

    private final FileStore store;
    private final String tenant;
    private final FileShelf shelf;
    private final Path part;
    private final MessageDigest digest = Sha256.start();
    private long numBytes;

    FileUpload(FileStore store, String tenant, FileShelf shelf, Path part) {
        this.store = store;
        this.tenant = tenant;
        this.shelf = shelf;
        this.part = part;
    }

    String tenant() {
        return tenant;
    }

    FileShelf shelf() {
        return shelf;
    }

    Path part() {
        return part;
    }

    long numBytes() {
        return numBytes;
    }

    /// Takes all that a stream has.
    ///
    /// @throws IOException          if the stream cannot be read
    /// @throws FileRefusedException if it has too much, or the disk does not take it
    public void receive(InputStream bytes) throws IOException {
        byte[] chunk = new byte[CHUNK_BYTES];
        try (Disk disk = new Disk(part)) {
            for (int count; (count = bytes.readNBytes(chunk, 0, chunk.length)) > 0; ) {
                store.reserve(this, count);
                numBytes += count;
                digest.update(chunk, 0, count);
                disk.write(chunk, 0, count);
            }
            disk.flush();
        }
    }

    /// Keeps what has come, under a new id.
    ///
    /// @param expiresAfter as the caller asks; the store's own limit holds where that is shorter
    /// @throws FileRefusedException if the disk does not take it
    public StoredFile keep(String name, String purpose, Optional<Duration> expiresAfter) {
        return store.keep(this, sha256(), name, purpose, expiresAfter);
    }

    private String sha256() {
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void close() {
        store.end(this);
    }

    /// The file on disk, whose faults are not the sender's.
    private final class Disk extends OutputStream {

        private final FileChannel channel;

        Disk(Path part) {
            try {
                channel = FileChannel.open(part, StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw store.notWritten(e);
            }
        }

        @Override
        public void write(int next) {
            write(new byte[] {(byte) next}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
            try {
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
            } catch (IOException e) {
                throw store.notWritten(e);
            }
        }

        /// So that a record never outlives its bytes, whatever happens to the machine.
        @Override
        public void flush() {
            try {
                channel.force(false);
            } catch (IOException e) {
                throw store.notWritten(e);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw store.notWritten(e);
            }
        }
    }
}
