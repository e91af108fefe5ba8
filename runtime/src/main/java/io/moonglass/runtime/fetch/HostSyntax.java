package io.moonglass.runtime.fetch;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/// How hosts are written: as names of DNS (RFC 1123), or as addresses written in full. The other ways
/// of writing an IPv4 address (`127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1`) are neither, since not
/// everybody reads them alike.
final class HostSyntax {

    private static final int MAX_NAME_LENGTH = 253;
    private static final Pattern NAME =
            Pattern.compile(
                    "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");
    private static final Pattern NUMBER_AT_END = Pattern.compile("(.*\\.)?([0-9]+|0x[0-9a-f]*)");
    private static final Pattern IPV4 =
            Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
    private static final Pattern IPV6_IN_BRACKETS = Pattern.compile("\\[[0-9a-f:.]{2,45}]");

    private HostSyntax() {}

    static boolean isNameOrAddress(String host) {
        return isName(host) || address(host).isPresent();
    }

    /// @param host in small letters
    static boolean isName(String host) {
        return host.length() <= MAX_NAME_LENGTH
                && NAME.matcher(host).matches()
                && !NUMBER_AT_END.matcher(host).matches();
    }

    /// The address that is written here; nothing is looked up.
    ///
    /// @param host in small letters, an IPv6 address in brackets
    static Optional<InetAddress> address(String host) {
        if (IPV4.matcher(host).matches()) {
            return literal(host);
        }
        return IPV6_IN_BRACKETS.matcher(host).matches()
                ? literal(host.substring(1, host.length() - 1))
                : Optional.empty();
    }

    private static Optional<InetAddress> literal(String text) {
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// One way of writing an address: `[2001:DB8:0::7]` and `[2001:db8::7]` are the same, and a mapped
    /// IPv4 address is an IPv4 address.
    ///
    /// @param host a name or address, in small letters
    static String canonical(String host) {
        return address(host).map(HostSyntax::written).orElse(host);
    }

    private static String written(InetAddress address) {
        return address instanceof Inet6Address
                ? "[" + address.getHostAddress() + "]"
                : address.getHostAddress();
    }
}
