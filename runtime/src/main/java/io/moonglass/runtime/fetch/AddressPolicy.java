package io.moonglass.runtime.fetch;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Which addresses may be connected to: global unicast, and what the operator allows beside that.
///
/// Source: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
///
/// @param allowedNetworks may be reached although they are not public
record AddressPolicy(List<AddressRange> allowedNetworks) {

    private static final List<AddressRange> NOT_PUBLIC =
            ranges(
                    "0.0.0.0/8", // this network
                    "10.0.0.0/8",
                    "100.64.0.0/10", // carrier-grade NAT
                    "127.0.0.0/8",
                    "169.254.0.0/16", // link-local, clouds' metadata
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24", // 6to4 relays
                    "192.168.0.0/16",
                    "198.18.0.0/15", // benchmarks
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/4", // multicast
                    "240.0.0.0/4",
                    "2001::/23", // protocols' own, Teredo among them
                    "2001:db8::/32",
                    "2002::/16", // 6to4, with an IPv4 address inside
                    "3fff::/20");

    private static final AddressRange GLOBAL_IPV6 = AddressRange.parse("2000::/3");
    private static final AddressRange NAT64 = AddressRange.parse("64:ff9b::/96");

    private static List<AddressRange> ranges(String... texts) {
        return Stream.of(texts).map(AddressRange::parse).toList();
    }

    boolean permits(InetAddress address) {
        return allowedNetworks.stream().anyMatch(range -> range.contains(address))
                || embedded(address).map(this::permits).orElseGet(() -> isPublic(address));
    }

    private static boolean isPublic(InetAddress address) {
        boolean unicast = !(address instanceof Inet6Address) || GLOBAL_IPV6.contains(address);
        return unicast && NOT_PUBLIC.stream().noneMatch(range -> range.contains(address));
    }

    /// The IPv4 address that a NAT64 gateway would connect to. Mapped addresses are IPv4 addresses to
    /// the JDK already, and the older compatible form is outside of global unicast.
    private static Optional<InetAddress> embedded(InetAddress address) {
        if (!NAT64.contains(address)) {
            return Optional.empty();
        }
        byte[] bytes = address.getAddress();
        try {
            return Optional.of(InetAddress.getByAddress(Arrays.copyOfRange(bytes, 12, 16)));
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }
}
