package io.moonglass.runtime.fetch;

import io.moonglass.engine.RequestContext;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;

/// Fetches media from addresses that callers name, and lets none of them reach what is not public: an
/// address is read by one parser, its host looked up once for each connection, all addresses checked, and one
/// of those connected to; the same again at every redirect. Everything that comes has a limit of bytes
/// and of time.
///
/// Any number of threads may fetch at once. Each waits for its own fetch, which runs on a virtual thread.
public final class MediaFetcher implements AutoCloseable {

    private static final Duration SOON = Duration.ofSeconds(2);

    private static final Set<StandardOpenOption> OVERWRITE =
            Set.of(
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
    private static final FileAttribute<?> FOR_THIS_USER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final FetchTools tools;
    private final FetchCounters counters = new FetchCounters();
    private volatile boolean closed;

    /// With the system's look-up and the authorities that the JVM trusts.
    public MediaFetcher(FetchOptions options) {
        this(options, NameResolver.SYSTEM, withoutOwnCertificates());
    }

    /// @param tls who is trusted; its keys, if it has any, are shown to servers that ask
    public MediaFetcher(FetchOptions options, NameResolver resolver, SSLContext tls) {
        tools =
                new FetchTools(
                        options,
                        new AddressPolicy(options.allowedNetworks()),
                        new NameLookup(resolver, options.maxConcurrent()),
                        new FetchPlaces(options.maxConcurrent(), options.maxConcurrentPerHost()),
                        new FetchBudget(options.maxBytesInMemory()),
                        new FetchBudget(options.maxBytesOnDisk()),
                        tls.getSocketFactory());
    }

    /// The default context would show a certificate of the operator's to any server that asks.
    private static SSLContext withoutOwnCertificates() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[0], null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JVM has no TLS", e);
        }
    }

    /// Fetches into memory.
    ///
    /// @param url       as the caller wrote it
    /// @param what      the medium, as messages call it: `image`
    /// @param maxBytes  the most that it may have
    /// @param param     the field that holds the address; may be null
    /// @param abandoned whether nobody waits any more; asked often
    /// @return to be closed once its bytes are no longer needed
    /// @throws InvalidRequestException of kind `INVALID_VALUE` (no address that is taken), `FORBIDDEN_ADDRESS`,
    ///                                 `MEDIA_UNAVAILABLE`, `MEDIA_TOO_LARGE` or `UNSUPPORTED_FEATURE` (offline)
    /// @throws OverloadedException     if too much is being fetched
    /// @throws CancellationException   if it was abandoned, this thread is interrupted, or the fetcher closed
    public FetchedBytes fetch(
            String url, String what, int maxBytes, String param, BooleanSupplier abandoned) {
        FetchFaults faults = new FetchFaults(what, url, param);
        FetchBudget.Lease lease = tools.memory().lease();
        try {
            MemorySink sink = new MemorySink(tools.memory(), lease, maxBytes, faults);
            Duration timeout = tools.options().pace().timeout();
            run(faults, maxBytes, timeout, sink, abandoned);
            return new FetchedBytes(sink.bytes(), lease);
        } catch (RuntimeException | Error e) {
            lease.close();
            throw e;
        }
    }

    /// Fetches into a file, which is overwritten, or made for this user alone; it is deleted if the fetch does
    /// not end well.
    ///
    /// @param timeout for everything, instead of the options'
    /// @return to be closed once the file is deleted
    /// @throws InvalidRequestException as [#fetch]
    /// @throws OverloadedException     as [#fetch]
    /// @throws CancellationException   as [#fetch]
    /// @throws UncheckedIOException    if the file cannot be written
    public FetchedFile fetchTo(
            String url,
            Path file,
            String what,
            long maxBytes,
            Duration timeout,
            String param,
            BooleanSupplier abandoned) {
        FetchFaults faults = new FetchFaults(what, url, param);
        FetchBudget.Lease lease = tools.disk().lease();
        try (FileChannel channel = FileChannel.open(file, OVERWRITE, FOR_THIS_USER)) {
            FileSink sink = new FileSink(channel, tools.disk(), lease, faults);
            return new FetchedFile(run(faults, maxBytes, timeout, sink, abandoned), lease);
        } catch (IOException e) {
            lease.close();
            throw deleted(file, new UncheckedIOException("what is fetched cannot be written", e));
        } catch (RuntimeException e) {
            lease.close();
            throw deleted(file, e);
        }
    }

    /// Takes room of the memory that fetched bytes share, for bytes that come from elsewhere.
    ///
    /// @return to be closed once the bytes are no longer needed
    /// @throws OverloadedException if there is too little now
    public AutoCloseable reserve(long numBytes) {
        FetchBudget.Lease lease = tools.memory().lease();
        if (!lease.tryGrow(numBytes)) {
            throw new OverloadedException(
                    "media of requests that are being answered fill the %,d bytes that there are for them; ask again soon"
                            .formatted(tools.memory().capacity()),
                    SOON);
        }
        return lease;
    }

    private static RuntimeException deleted(Path file, RuntimeException fault) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            fault.addSuppressed(e);
        }
        return fault;
    }

    /// @return the body's bytes
    private long run(
            FetchFaults faults,
            long maxBytes,
            Duration timeout,
            BodySink sink,
            BooleanSupplier abandoned) {
        FetchProgress progress =
                new FetchProgress(tools.options().pace().withTimeout(timeout), faults);
        try {
            MediaAddress address = address(faults);
            await(new Fetch(tools, address, maxBytes, sink, progress, faults), progress, abandoned);
            counters.fetched(progress.elapsedNanos());
            return progress.numBytes();
        } catch (RuntimeException e) {
            counters.ended(e);
            throw e;
        } finally {
            counters.received(progress.numBytes());
        }
    }

    private MediaAddress address(FetchFaults faults) {
        if (tools.options().offline()) {
            throw faults.offline();
        }
        try {
            return MediaAddress.parse(faults.url(), tools.options().allowHttp());
        } catch (InvalidRequestException e) {
            throw faults.param() == null ? e : e.at(faults.param());
        }
    }

    /// The waiting thread is the watchman: it sees to time, rate and whether anybody still wants it.
    private void await(Fetch fetch, FetchProgress progress, BooleanSupplier abandoned) {
        FutureTask<Void> result = new FutureTask<>(fetch);
        Thread.ofVirtual().name("fetch").start(RequestContext.carriedBy(result));
        try {
            Waiting.await(result, () -> closed || abandoned.getAsBoolean(), progress::check);
        } finally {
            fetch.abort();
            result.cancel(true);
        }
    }

    public FetchStatistics statistics() {
        return counters.statistics();
    }

    /// Ends what is being fetched; nothing is fetched afterwards.
    @Override
    public void close() {
        closed = true;
        tools.names().close();
    }
}
