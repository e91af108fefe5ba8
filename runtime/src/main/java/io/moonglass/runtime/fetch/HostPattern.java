package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.ConfigException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A host that may be fetched from: `example.com`, `*.example.com` for every name below it but not
/// itself, `192.0.2.7` or `[2001:db8::7]`; with `:8443` on that port alone, without one on any.
///
/// @param host     in small letters, an IPv6 address in brackets; of `*.example.com` it is `.example.com`
/// @param allBelow whether it means the names below the host
/// @param port     -1 for any
public record HostPattern(String host, boolean allBelow, int port) {

    private static final Pattern PARTS =
            Pattern.compile(
                    "(?<all>\\*(?=\\.))?(?<host>[^:*\\[\\]]+|\\[[^]]*])(:(?<port>\\d{1,5}))?");

    /// @param text as the operator wrote it
    /// @throws ConfigException if it is no such pattern
    public static HostPattern parse(String text) {
        Matcher parts = PARTS.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!parts.matches()) {
            throw notOne(text);
        }
        boolean allBelow = parts.group("all") != null;
        String host = parts.group("host");
        boolean isHost =
                allBelow ? HostSyntax.isName(host.substring(1)) : HostSyntax.isNameOrAddress(host);
        int port = parts.group("port") == null ? -1 : Integer.parseInt(parts.group("port"));
        if (!isHost || port == 0 || port > 65_535) {
            throw notOne(text);
        }
        return new HostPattern(allBelow ? host : HostSyntax.canonical(host), allBelow, port);
    }

    private static ConfigException notOne(String text) {
        return new ConfigException(
                "media host \"%s\" is no host; want one like example.com, *.example.com or example.com:8443"
                        .formatted(text));
    }

    boolean matches(MediaAddress address) {
        boolean hostFits = allBelow ? address.host().endsWith(host) : address.host().equals(host);
        return hostFits && (port < 0 || port == address.port());
    }

    /// As it was written.
    @Override
    public String toString() {
        return (allBelow ? "*" : "") + host + (port < 0 ? "" : ":" + port);
    }
}
