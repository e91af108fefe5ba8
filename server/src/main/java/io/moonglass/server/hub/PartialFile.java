package io.moonglass.server.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/// What there is of a file, with the digest of it so far. One thread.
final class PartialFile implements AutoCloseable {

    private final Path path;
    private final HubFile file;
    private final FileChannel channel;
    private MessageDigest digest;
    private long numBytes;

    private PartialFile(Path path, HubFile file, FileChannel channel) {
        this.path = path;
        this.file = file;
        this.channel = channel;
        this.digest = file.hash().digest(file.size());
    }

    /// Takes up what an earlier run left.
    static PartialFile open(Path path, HubFile file) throws IOException {
        PartialFile partial =
                new PartialFile(
                        path,
                        file,
                        FileChannel.open(
                                path,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE));
        try {
            partial.takeUp();
        } catch (IOException e) {
            partial.close();
            throw e;
        }
        return partial;
    }

    private void takeUp() throws IOException {
        if (channel.size() > file.size()) {
            restart();
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        while (channel.read(buffer) >= 0) {
            numBytes += buffer.position();
            digest.update(buffer.flip());
            buffer.clear();
        }
    }

    long numBytes() {
        return numBytes;
    }

    boolean isWhole() {
        return numBytes == file.size();
    }

    void append(byte[] bytes, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
        while (buffer.hasRemaining()) {
            channel.write(buffer, numBytes + buffer.position());
        }
        digest.update(bytes, 0, length);
        numBytes += length;
    }

    /// Throws away what there is.
    void restart() throws IOException {
        channel.truncate(0);
        digest = file.hash().digest(file.size());
        numBytes = 0;
    }

    /// Whether the bytes are those that the hub lists. Asked once, of a whole file.
    boolean isRight() {
        return file.hash().is(digest.digest());
    }

    /// Gives it its name, when it is on the disk.
    void moveTo(Path target) throws IOException {
        channel.force(true);
        channel.close();
        Files.move(
                path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
