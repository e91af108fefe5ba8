package io.moonglass.server.http;

import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.wire.UploadedFiles;
import io.moonglass.server.files.FileStore;
import io.moonglass.server.files.StoredFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/// The files of one request's caller, as the request refers to them. Used by the request's thread.
final class RequestFiles implements UploadedFiles {

    private final Optional<FileStore> store;
    private final Caller caller;
    private final int maxBytes;
    private final LongConsumer memory;
    private final Map<String, byte[]> readBefore = new HashMap<>();
    private long numBytes;

    /// @param store    empty if this server keeps none
    /// @param maxBytes of all files that the request refers to
    /// @param memory   told how many bytes they are together, before more of them are read
    RequestFiles(Optional<FileStore> store, Caller caller, int maxBytes, LongConsumer memory) {
        this.store = store;
        this.caller = caller;
        this.maxBytes = maxBytes;
        this.memory = memory;
    }

    /// Bytes of all that were read.
    long numBytes() {
        return numBytes;
    }

    /// All bytes of a file. One that is read again takes no more memory.
    ///
    /// @param idOrHash as [FileStore#find] takes it
    /// @param param    where the request has it
    /// @throws HttpFault               404 if the caller has no such file, 429 if there is no memory for it now
    /// @throws InvalidRequestException if all of them are too large
    @Override
    public byte[] read(String idOrHash, String param) {
        StoredFile file = find(idOrHash, param);
        byte[] known = readBefore.get(file.sha256());
        if (known != null) {
            return known;
        }
        if (numBytes + file.numBytes() > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    param,
                    "%s: the files of the request are larger than %,d bytes together; send fewer or smaller ones"
                            .formatted(param, maxBytes));
        }
        numBytes += file.numBytes();
        memory.accept(numBytes);
        try {
            byte[] bytes = file.read();
            readBefore.put(file.sha256(), bytes);
            return bytes;
        } catch (NoSuchFileException e) {
            throw HttpFault.fileNotFound(param, idOrHash);
        } catch (IOException e) {
            throw FileStore.unreadable(e);
        }
    }

    /// A file that is read where it lies, so it may be large.
    ///
    /// @throws HttpFault 404 if the caller has no such file
    @Override
    public MediaSource stored(String idOrHash, String param) {
        StoredFile file = find(idOrHash, param);
        return new MediaSource.Stored(
                file.content(), new DigestBuilder().add(file.sha256()).build());
    }

    private StoredFile find(String idOrHash, String param) {
        return store.orElseThrow(HttpFault::filesOff)
                .find(caller.tenant(), idOrHash)
                .orElseThrow(() -> HttpFault.fileNotFound(param, idOrHash));
    }
}
