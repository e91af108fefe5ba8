package io.moonglass.runtime.fetch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// Places for connections: so many at once, and so many of them to one host, so that a slow host does
/// not hold up what others are fetched from. Who comes first is served first.
final class FetchPlaces {

    private final int perHost;
    private final Semaphore connections;
    private final Map<Object, Host> hosts = new ConcurrentHashMap<>();

    /// Gives the place back when it is closed.
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    private static final class Host {
        final Semaphore places;
        int numUsers;

        Host(int places) {
            this.places = new Semaphore(places, true);
        }
    }

    FetchPlaces(int connections, int perHost) {
        this.connections = new Semaphore(connections, true);
        this.perHost = perHost;
    }

    /// Waits for a place among all connections; to be taken last, since who has one keeps others waiting.
    Place takeConnection() throws InterruptedException {
        connections.acquire();
        return connections::release;
    }

    /// Waits for a place of a host's.
    ///
    /// @param key what one host is known by
    Place takeHost(Object key) throws InterruptedException {
        Host host = hosts.compute(key, (_, known) -> joined(known));
        try {
            host.places.acquire();
        } catch (InterruptedException e) {
            leave(key);
            throw e;
        }
        return () -> {
            host.places.release();
            leave(key);
        };
    }

    private Host joined(Host known) {
        Host host = known == null ? new Host(perHost) : known;
        host.numUsers++;
        return host;
    }

    private void leave(Object key) {
        hosts.computeIfPresent(key, (_, host) -> --host.numUsers == 0 ? null : host);
    }
}
