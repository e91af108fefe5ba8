package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.fetch.FetchPlaces.Place;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/// One fetch, from its first address to the body's last byte, on a thread of its own. It can be aborted
/// from another at any moment.
final class Fetch implements Callable<Void> {

    private static final System.Logger LOG = System.getLogger(Fetch.class.getName());
    private static final int BUFFER_BYTES = 1 << 14;
    private static final int IPV6_NETWORK_BYTES = 8;

    private final FetchTools tools;
    private final MediaAddress first;
    private final long maxBytes;
    private final BodySink sink;
    private final FetchProgress progress;
    private final FetchFaults faults;
    private final FetchSocket sockets = new FetchSocket();

    Fetch(
            FetchTools tools,
            MediaAddress first,
            long maxBytes,
            BodySink sink,
            FetchProgress progress,
            FetchFaults faults) {
        this.tools = tools;
        this.first = first;
        this.maxBytes = maxBytes;
        this.sink = sink;
        this.progress = progress;
        this.faults = faults;
    }

    /// Ends whatever the fetching thread does with a socket; that thread is to be interrupted too.
    void abort() {
        sockets.abort();
    }

    @Override
    public Void call() {
        try {
            MediaAddress address = first;
            for (int numRedirects = 0; ; numRedirects++) {
                Optional<String> location = hop(address, numRedirects > 0);
                if (location.isEmpty()) {
                    return null;
                }
                if (numRedirects == tools.options().maxRedirects()) {
                    throw faults.unavailable(
                            "it redirects more than %d times; give the final address",
                            numRedirects);
                }
                address = redirected(address, location.get());
            }
        } catch (IOException e) {
            throw broken();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the fetch was aborted");
        }
    }

    /// @return where it redirects to; empty if the body was read
    private Optional<String> hop(MediaAddress address, boolean redirected)
            throws IOException, InterruptedException {
        if (!isAllowed(address)) {
            throw forbidden(address, "is on no list of allowed hosts", redirected);
        }
        progress.enter(FetchStage.WAITING);
        try (Place _ = tools.places().takeHost(address.host())) {
            progress.enter(FetchStage.LOOKING_UP);
            List<InetAddress> pinned = permitted(address);
            if (pinned.isEmpty()) {
                throw forbidden(address, "has no address that is allowed", redirected);
            }
            progress.enter(FetchStage.WAITING);
            // One server can have many names, so its address has places of its own.
            try (Place _ = tools.places().takeHost(network(pinned.getFirst()));
                    Place _ = tools.places().takeConnection()) {
                return exchange(address, pinned);
            } finally {
                sockets.close();
            }
        }
    }

    private boolean isAllowed(MediaAddress address) {
        List<HostPattern> allowed = tools.options().allowedHosts();
        return allowed.isEmpty() || allowed.stream().anyMatch(host -> host.matches(address));
    }

    /// All addresses of the host, looked up once; none if it has none or any of them may not be reached.
    private List<InetAddress> permitted(MediaAddress address) throws InterruptedException {
        Optional<InetAddress> written = HostSyntax.address(address.host());
        List<InetAddress> all =
                written.isPresent() ? List.of(written.get()) : lookedUp(address.host());
        return all.stream().allMatch(tools.policy()::permits) ? all : List.of();
    }

    private List<InetAddress> lookedUp(String name) throws InterruptedException {
        try {
            return List.of(tools.names().addresses(name));
        } catch (UnknownHostException e) {
            return List.of();
        }
    }

    /// What a server's owner has at the least: an IPv4 address, or a /64 of IPv6.
    private static ByteBuffer network(InetAddress address) {
        byte[] bytes = address.getAddress();
        return ByteBuffer.wrap(Arrays.copyOf(bytes, Math.min(bytes.length, IPV6_NETWORK_BYTES)));
    }

    private Optional<String> exchange(MediaAddress address, List<InetAddress> pinned)
            throws IOException {
        MediaConnection connection =
                MediaConnection.open(address, pinned, tools.tls(), sockets, progress);
        progress.enter(FetchStage.ASKING);
        MediaAnswer answer = connection.get(address);
        if (answer.isRedirect()) {
            return Optional.of(answer.location());
        }
        read(answer);
        return Optional.empty();
    }

    private void read(MediaAnswer answer) throws IOException {
        if (answer.status() != 200) {
            throw faults.unavailable("its server answered %d, want 200", answer.status());
        }
        if (answer.isEncoded()) {
            throw faults.unavailable(
                    "its server sends it compressed, which was not asked for; want it as it is");
        }
        if (answer.length() > maxBytes) {
            throw faults.tooLarge("%,d".formatted(answer.length()), maxBytes);
        }
        if (answer.length() >= 0) {
            sink.announce(answer.length());
        }
        progress.enter(FetchStage.READING);
        long numBytes = copy(answer.body());
        if (numBytes == 0) {
            throw faults.unavailable("its server sent nothing");
        }
        if (answer.length() >= 0 && numBytes != answer.length()) {
            throw broken();
        }
        sink.end();
    }

    private long copy(InputStream body) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long total = 0;
        int count = body.read(buffer);
        while (count >= 0) {
            total += count;
            progress.received(total);
            if (total > maxBytes) {
                throw faults.tooLarge("more", maxBytes);
            }
            sink.write(buffer, count);
            count = body.read(buffer);
        }
        return total;
    }

    private MediaAddress redirected(MediaAddress from, String location) {
        try {
            return from.resolve(location, tools.options().allowHttp());
        } catch (InvalidRequestException e) {
            // It holds what the server sent, which is not for the caller.
            throw faults.forbiddenRedirect();
        }
    }

    /// Why is for the operator alone.
    private InvalidRequestException forbidden(
            MediaAddress address, String why, boolean redirected) {
        LOG.log(Level.DEBUG, "media are not fetched: {0} {1}", address.authority(), why);
        return redirected ? faults.forbiddenRedirect() : faults.forbidden();
    }

    /// What an exception of sockets, TLS or HTTP means, by what was being done: its text is not ours.
    private InvalidRequestException broken() {
        return switch (progress.stage()) {
            case WAITING, LOOKING_UP, CONNECTING ->
                    faults.unavailable("its server cannot be reached");
            case SECURING ->
                    faults.unavailable(
                            "no secure connection to its server can be made; it wants TLS 1.2 or 1.3, and a valid certificate of that host from a known authority");
            case ASKING -> faults.unavailable("its server gave no proper answer in HTTP/1.1");
            case READING ->
                    faults.unavailable(
                            "the connection broke off after %,d bytes", progress.numBytes());
        };
    }
}
