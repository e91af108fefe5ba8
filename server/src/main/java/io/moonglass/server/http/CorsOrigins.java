package io.moonglass.server.http;

import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/// The pages that browsers may let ask this server, by their origin. `*` stands for all of them; a page has to bring
/// the key itself in any case, since nothing here lives on cookies.
///
/// Source: WHATWG Fetch, "CORS protocol".
///
/// @param origins as browsers send them: `https://chat.example.org` or `http://localhost:3000`
public record CorsOrigins(Set<String> origins) {

    public static final CorsOrigins NONE = new CorsOrigins(Set.of());

    static final String ANY = "*";

    public CorsOrigins {
        origins = Set.copyOf(origins);
        for (String origin : origins) {
            if (!origin.equals(ANY) && !isOrigin(origin)) {
                throw new ConfigException(
                        "\"%s\" is no origin; want a scheme, a host in small letters and, where it is another than the"
                                + " scheme's, a port, such as https://chat.example.org, or *"
                                        .formatted(origin));
            }
        }
    }

    private static boolean isOrigin(String text) {
        try {
            URI uri = new URI(text);
            String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
            return uri.getHost() != null
                    && uri.getScheme() != null
                    && text.equals(uri.getScheme() + "://" + uri.getHost() + port)
                    && text.equals(text.toLowerCase(Locale.ROOT));
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /// Whether a page of this origin may read answers.
    boolean allows(String origin) {
        return origins.contains(ANY) || origins.contains(origin);
    }

    /// Whether all pages may.
    boolean allowsAny() {
        return origins.contains(ANY);
    }

    boolean isEmpty() {
        return origins.isEmpty();
    }
}
