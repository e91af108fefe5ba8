package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.fetch.FetchStatistics;
import io.moonglass.runtime.fetch.FetchedBytes;
import io.moonglass.runtime.fetch.MediaFetcher;
import io.moonglass.runtime.storage.DiskWatch;
import io.moonglass.runtime.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Brings the bytes of media, wherever they are, into memory or into a file. Nothing in them is looked at. Any thread.
final class MediaSources implements AutoCloseable {

    private static final String DATA = "data:";
    private static final String FILE = "file:";

    /// Of a video, which takes longer than a picture.
    private static final Duration LONG_FETCH = Duration.ofMinutes(5);

    private final MediaFetcher fetcher;
    private final Optional<LocalFolder> folder;
    private final PrivateFolder temporary;
    private final DiskWatch disk;

    /// @param folder whose files `file:` addresses may name; empty to refuse them
    MediaSources(MediaFetcher fetcher, Optional<LocalFolder> folder, PrivateFolder temporary) {
        this.fetcher = fetcher;
        this.folder = folder;
        this.temporary = temporary;
        this.disk = new DiskWatch("media of requests", temporary.parent());
    }

    /// @param what     the medium, for messages
    /// @param maxBytes the most there may be
    /// @throws InvalidRequestException if there are none to be had, or more
    byte[] bytes(MediaSource source, String what, int maxBytes, MediaTaker taker) {
        return switch (source) {
            case MediaSource.Bytes(byte[] bytes) -> bytes;
            case MediaSource.Stored(Path file, _) -> read(file, what, maxBytes, taker);
            case MediaSource.Address(String url) when startsWith(url, DATA) ->
                    DataUri.decode(url, what, maxBytes);
            case MediaSource.Address(String url) when startsWith(url, FILE) ->
                    read(localFile(url), what, maxBytes, taker);
            case MediaSource.Address(String url) -> {
                FetchedBytes fetched = fetcher.fetch(url, what, maxBytes, null, taker::isOver);
                taker.keep(fetched);
                yield fetched.bytes();
            }
            case MediaSource.Drawn _ ->
                    throw new IllegalArgumentException("a drawn picture has no bytes");
        };
    }

    /// The same as a file, which the taker keeps.
    MediaFile file(MediaSource source, String what, long maxBytes, MediaTaker taker) {
        MediaFile file = open(source, what, maxBytes, taker);
        taker.keep(file);
        return file;
    }

    private MediaFile open(MediaSource source, String what, long maxBytes, MediaTaker taker) {
        return switch (source) {
            case MediaSource.Stored(Path file, Digest content) -> {
                refuseLarge(what, size(file), maxBytes);
                yield MediaFile.lasting(file, content);
            }
            case MediaSource.Address(String url) when startsWith(url, FILE) -> {
                Path file = localFile(url);
                refuseLarge(what, size(file), maxBytes);
                yield MediaFile.lasting(file, digest(file));
            }
            case MediaSource.Address(String url) when !startsWith(url, DATA) ->
                    written(file ->
                            fetcher.fetchTo(
                                            url,
                                            file,
                                            what,
                                            maxBytes,
                                            LONG_FETCH,
                                            null,
                                            taker::isOver)
                                    ::close);
            case MediaSource.Bytes _, MediaSource.Address _, MediaSource.Drawn _ -> {
                byte[] bytes =
                        bytes(source, what, (int) Math.min(Integer.MAX_VALUE, maxBytes), taker);
                refuseLarge(what, bytes.length, maxBytes);
                yield written(file -> {
                    Files.write(file, bytes);
                    return () -> {};
                });
            }
        };
    }

    /// What comes into a file.
    private interface Writing {

        /// @return to be closed once the file is deleted
        Space to(Path file) throws IOException;
    }

    /// That a file takes on disk.
    private interface Space extends AutoCloseable {
        @Override
        void close();
    }

    /// @throws StorageException if the disk does not take it
    private MediaFile written(Writing content) {
        try {
            Path file = temporary.newFile();
            Space space = () -> {};
            boolean isGood = false;
            try {
                space = content.to(file);
                MediaFile written = new MediaFile(file, digest(file), release(file, space));
                isGood = true;
                disk.succeeded();
                return written;
            } finally {
                if (!isGood) {
                    release(file, space).run();
                }
            }
        } catch (UncheckedIOException e) {
            throw disk.failed(e.getCause());
        } catch (IOException e) {
            throw disk.failed(e);
        }
    }

    private static Runnable release(Path file, Space space) {
        return () -> {
            PrivateFolder.delete(file);
            space.close();
        };
    }

    private Path localFile(String url) {
        return folder.orElseThrow(() ->
                        InvalidRequestException.invalidValue(
                                null,
                                "this server reads no files of its own; send the media itself, or its https: address"))
                .find(url);
    }

    /// All bytes of a file, which count as fetched: a request can name many.
    ///
    /// @throws InvalidRequestException if the file is larger, or gone
    /// @throws OverloadedException     if there is no room for them now
    byte[] read(Path file, String what, int maxBytes, MediaTaker taker) {
        long size = size(file);
        refuseLarge(what, size, maxBytes);
        taker.keep(fetcher.reserve(size));
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes((int) size); // it may have grown meanwhile
        } catch (NoSuchFileException e) {
            throw gone();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a media file", e);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            throw gone();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a media file", e);
        }
    }

    private static InvalidRequestException gone() {
        return InvalidRequestException.invalidValue(null, "the file was deleted meanwhile");
    }

    private static void refuseLarge(String what, long numBytes, long maxBytes) {
        if (numBytes > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "%s of %,d bytes, the limit is %,d; send a smaller one"
                            .formatted(what, numBytes, maxBytes));
        }
    }

    private static Digest digest(Path file) {
        try (InputStream bytes = Files.newInputStream(file)) {
            return Digest.ofAll(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a media file", e);
        }
    }

    FetchStatistics fetches() {
        return fetcher.statistics();
    }

    /// Whether it is to be fetched from another host, or read from this machine's disk.
    static boolean isElsewhere(MediaSource source) {
        return switch (source) {
            case MediaSource.Address(String url) -> !startsWith(url, DATA);
            case MediaSource.Stored _ -> true;
            case MediaSource.Bytes _, MediaSource.Drawn _ -> false;
        };
    }

    private static boolean startsWith(String url, String scheme) {
        return url.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    @Override
    public void close() {
        fetcher.close();
        temporary.close();
    }
}
