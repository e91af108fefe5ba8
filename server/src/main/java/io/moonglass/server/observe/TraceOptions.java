package io.moonglass.server.observe;

import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Optional;

/// Where traces are sent, and of how many requests.
///
/// @param endpoint    an OTLP collector's address over HTTP; `/v1/traces` is added where it does not end in that
/// @param headersFile lines `Name: value` that are sent along, such as a collector's key; read anew when it changes
/// @param sampleRatio the share of requests that are traced, 0 to 1, where their callers have not decided that
public record TraceOptions(URI endpoint, Optional<Path> headersFile, double sampleRatio) {

    private static final String TRACES_PATH = "/v1/traces";

    public TraceOptions {
        endpoint = tracesOf(endpoint);
        if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
            throw new ConfigException(
                    "--otlp-sample-ratio is %s; want a number from 0 to 1".formatted(sampleRatio));
        }
    }

    private static URI tracesOf(URI endpoint) {
        String scheme = String.valueOf(endpoint.getScheme());
        boolean isHttp = scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https");
        if (!isHttp
                || endpoint.getHost() == null
                || endpoint.getRawUserInfo() != null
                || endpoint.getRawQuery() != null
                || endpoint.getRawFragment() != null) {
            // it may hold a secret, so it is not quoted
            throw new ConfigException(
                    "--otlp-endpoint is no address of a collector; want http:// or https://, a host, a port and perhaps a path, such as http://localhost:4318; secrets belong in --otlp-headers-file");
        }
        String path = endpoint.getRawPath().replaceAll("/+$", "");
        try {
            return new URI(
                    "%s://%s%s"
                            .formatted(
                                    scheme,
                                    endpoint.getRawAuthority(),
                                    path.endsWith(TRACES_PATH) ? path : path + TRACES_PATH));
        } catch (URISyntaxException e) {
            throw new IllegalStateException("parts of an address are none together", e);
        }
    }
}
