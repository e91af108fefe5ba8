package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.InvalidRequestException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.regex.Pattern;

/// Where media are fetched from, read once by one parser: what is checked is what is connected to.
/// Whatever two parsers might read differently is refused (a backslash, a user name, white space,
/// unusual ways of writing a host).
///
/// @param scheme `https`, or `http`
/// @param host   a name in small letters without a dot at its end, an IPv4 address, or an IPv6 address
///               in brackets
/// @param port   1 to 65535
/// @param target path and query, as they stand in a request; the fragment is dropped
record MediaAddress(String scheme, String host, int port, String target) {

    static final int MAX_LENGTH = 8192;

    private static final String HTTPS = "https";
    private static final String HTTP = "http";
    private static final Pattern SCHEME_AT_START = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*");

    /// @param url       as the caller wrote it
    /// @param allowHttp whether `http` is taken beside `https`
    /// @throws InvalidRequestException if it is none that is taken, with what is wrong
    static MediaAddress parse(String url, boolean allowHttp) {
        if (url.length() > MAX_LENGTH) {
            throw refused(url, "it has %,d characters, the limit is %,d", url.length(), MAX_LENGTH);
        }
        URI uri = uri(url);
        String scheme = scheme(url, uri, allowHttp);
        String host = host(url, uri);
        return new MediaAddress(scheme, host, port(url, uri, scheme), target(uri));
    }

    private static URI uri(String url) {
        try {
            return new URI(asciiOnly(url));
        } catch (URISyntaxException e) {
            throw refused(url, "it is not written as a URL is; percent-encode special characters");
        }
    }

    /// With what is not ASCII percent-encoded, which is the same address in a path and a query, and
    /// never one in a host.
    private static String asciiOnly(String url) {
        StringBuilder ascii = new StringBuilder(url.length());
        url.codePoints()
                .forEach(character -> {
                    if (character <= ' ' || Character.isISOControl(character)) {
                        throw refused(url, "white space and control characters are not taken");
                    }
                    if (character == '\\') {
                        throw refused(url, "it has a backslash; want /");
                    }
                    if (character < 0x80) {
                        ascii.append((char) character);
                    } else if (Character.getType(character) == Character.SURROGATE) {
                        throw refused(url, "it has half a character");
                    } else {
                        appendEncoded(ascii, character);
                    }
                });
        return ascii.toString();
    }

    private static void appendEncoded(StringBuilder ascii, int character) {
        for (byte b : Character.toString(character).getBytes(StandardCharsets.UTF_8)) {
            ascii.append("%%%02X".formatted(b & 0xff));
        }
    }

    private static String scheme(String url, URI uri, boolean allowHttp) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals(HTTPS) && !(allowHttp && scheme.equals(HTTP))) {
            throw refused(
                    url,
                    "want an address that begins with https://%s",
                    allowHttp ? " or http://" : "");
        }
        return scheme;
    }

    private static String host(String url, URI uri) {
        String authority = uri.getRawAuthority();
        if (authority == null) {
            throw refused(url, "it has no host");
        }
        if (authority.contains("@")) {
            throw refused(url, "user names and passwords are not taken");
        }
        if (authority.contains("%")) {
            throw refused(
                    url,
                    "its host has characters that hosts do not have; write a name in other letters in punycode (xn--...), and an address without a zone");
        }
        if (uri.getHost() == null) {
            throw refused(
                    url,
                    "its host or port is not taken; want a name like example.com, or an address written in full");
        }
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        if (host.endsWith(".")) {
            host = host.substring(0, host.length() - 1);
        }
        if (!HostSyntax.isNameOrAddress(host)) {
            throw refused(
                    url,
                    "its host is not taken; want a name like example.com, or an address written in full");
        }
        return HostSyntax.canonical(host);
    }

    private static int port(String url, URI uri, String scheme) {
        if (uri.getPort() == -1) {
            return defaultPort(scheme);
        }
        if (uri.getPort() < 1 || uri.getPort() > 65_535) {
            throw refused(url, "its port is %d, want 1 to 65535", uri.getPort());
        }
        return uri.getPort();
    }

    private static int defaultPort(String scheme) {
        return scheme.equals(HTTPS) ? 443 : 80;
    }

    private static String target(URI uri) {
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    private static InvalidRequestException refused(String url, String why, Object... values) {
        return InvalidRequestException.invalidValue(
                null,
                "the address %s cannot be fetched: %s"
                        .formatted(QuotedAddress.of(url), why.formatted(values)));
    }

    /// Where a redirect leads (RFC 3986, section 5.2), read and checked as a new address. `URI.resolve`
    /// is not asked: without a path on this side it joins host and path to another host. It never leads
    /// from `https` to `http`.
    ///
    /// @param reference absolute or relative
    /// @param allowHttp whether `http` is taken from an address that is `http` itself
    /// @throws InvalidRequestException as for an address of a caller's
    MediaAddress resolve(String reference, boolean allowHttp) {
        return parse(absolute(reference), allowHttp && !isSecure());
    }

    private String absolute(String reference) {
        if (SCHEME_AT_START.matcher(reference).matches()) {
            return reference;
        }
        if (reference.startsWith("//")) {
            return scheme + ":" + reference;
        }
        String origin = scheme + "://" + host + ":" + port;
        if (reference.startsWith("/")) {
            return origin + reference;
        }
        if (reference.isEmpty() || reference.startsWith("#")) {
            return origin + target;
        }
        String path = target.split("\\?", 2)[0];
        if (reference.startsWith("?")) {
            return origin + path + reference;
        }
        return origin + joined(path, reference);
    }

    /// A path beside this one, with the steps `.` and `..` taken; the root has nothing above it.
    private static String joined(String path, String reference) {
        String[] both = reference.split("(?=[?#])", 2);
        Deque<String> steps = new ArrayDeque<>();
        for (String step :
                (path.substring(0, path.lastIndexOf('/')) + "/" + both[0])
                        .substring(1)
                        .split("/", -1)) {
            if (step.equals("..")) {
                steps.pollLast();
            } else if (!step.equals(".")) {
                steps.addLast(step);
            }
        }
        return "/" + String.join("/", steps) + (both.length == 1 ? "" : both[1]);
    }

    boolean isSecure() {
        return scheme.equals(HTTPS);
    }

    /// What the header `Host` says (RFC 9110, section 7.2).
    String authority() {
        return port == defaultPort(scheme) ? host : host + ":" + port;
    }
}
