package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/// Whose picture is next: the most urgent request's; among equals the one's whose tenant has waited
/// longest, and of that tenant the request that has. Waiting begins when they come and again whenever
/// they were served, so a hundred pictures of one request hold up another's only one picture long.
///
/// Not for several threads at once.
final class FairOrder {

    private static final Comparator<Place> ORDER =
            Comparator.<Place>comparingInt(place -> place.priority)
                    .thenComparingLong(place -> place.tenant.since)
                    .thenComparingLong(place -> place.since);

    private final Map<String, Tenant> tenants = new HashMap<>();
    private long clock;

    /// A request that has pictures to come; the least of all places is next.
    final class Place implements Comparable<Place> {
        private final int priority;
        private final Tenant tenant;
        private long since;

        private Place(int priority, Tenant tenant, long since) {
            this.priority = priority;
            this.tenant = tenant;
            this.since = since;
        }

        /// One of its pictures had its turn.
        void served() {
            since = ++clock;
            tenant.since = since;
        }

        /// It has no more pictures.
        void leave() {
            if (--tenant.numPlaces == 0) {
                tenants.remove(tenant.name);
            }
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    Place join(RequestScope scope) {
        long now = ++clock;
        Tenant tenant = tenants.computeIfAbsent(scope.tenant(), name -> new Tenant(name, now));
        tenant.numPlaces++;
        return new Place(scope.priority(), tenant, now);
    }

    private static final class Tenant {
        private final String name;
        private long since;
        private int numPlaces;

        Tenant(String name, long since) {
            this.name = name;
            this.since = since;
        }
    }
}
