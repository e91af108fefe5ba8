package io.moonglass.server.hub;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which hub is asked, and as whom.
///
/// @param endpoint the hub's address without a slash at its end
/// @param token    sent to the endpoint and to no other host
public record HubSettings(URI endpoint, Optional<String> token) {

    private static final String HUB = "https://huggingface.co";
    private static final Pattern TOKEN = Pattern.compile("[!-~]{1,1024}");
    private static final int MAX_TOKEN_FILE = 4096;

    public HubSettings {
        boolean isHttp = "http".equals(endpoint.getScheme());
        boolean isAddress =
                (isHttp || "https".equals(endpoint.getScheme()))
                        && endpoint.getHost() != null
                        && endpoint.getUserInfo() == null
                        && endpoint.getQuery() == null
                        && endpoint.getFragment() == null;
        if (!isAddress) {
            throw new ConfigException(
                    "HF_ENDPOINT is no address of a hub; want one such as " + HUB);
        }
        if (isHttp && token.isPresent() && !isLoopback(endpoint)) {
            throw new ConfigException(
                    "HF_ENDPOINT is %s, and a token would go there unencrypted; want an https: address, or no HF_TOKEN and HF_HUB_DISABLE_IMPLICIT_TOKEN=1"
                            .formatted(endpoint));
        }
    }

    /// What the variables of Hugging Face's programs say: `HF_ENDPOINT`; `HF_TOKEN`, else the file that `HF_TOKEN_PATH`
    /// names, else `token` in `HF_HOME`, unless `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set.
    ///
    /// @throws ConfigException if one of them cannot be used
    public static HubSettings of(Map<String, String> environment, Path userHome) {
        String endpoint = environment.getOrDefault("HF_ENDPOINT", "").strip();
        try {
            return new HubSettings(
                    URI.create((endpoint.isEmpty() ? HUB : endpoint).replaceFirst("/+$", "")),
                    token(environment, userHome));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "HF_ENDPOINT is no address of a hub; want one such as " + HUB, e);
        }
    }

    private static Optional<String> token(Map<String, String> environment, Path userHome) {
        String token = environment.getOrDefault("HF_TOKEN", "").strip();
        if (!token.isEmpty()) {
            return Optional.of(checked("HF_TOKEN", token));
        }
        String implicit = environment.getOrDefault("HF_HUB_DISABLE_IMPLICIT_TOKEN", "");
        if (Pattern.matches("(?i)1|true|yes|on", implicit.strip())) {
            return Optional.empty();
        }
        String named = environment.getOrDefault("HF_TOKEN_PATH", "");
        Path file =
                named.isBlank()
                        ? HubCacheDirectory.home(environment, userHome).resolve("token")
                        : Path.of(named);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String read = read(file).strip();
        return read.isEmpty() ? Optional.empty() : Optional.of(checked(file.toString(), read));
    }

    private static String read(Path file) {
        try {
            if (Files.size(file) > MAX_TOKEN_FILE) {
                throw new ConfigException(
                        "%s: holds more than a token; want the token and nothing else"
                                .formatted(file));
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new ConfigException("%s: the hub's token cannot be read".formatted(file), e);
        }
    }

    private static String checked(String where, String token) {
        if (!TOKEN.matcher(token).matches()) {
            throw new ConfigException(
                    "%s: holds what is no token; want visible ASCII characters without spaces"
                            .formatted(where));
        }
        return token;
    }

    /// Looks nothing up: only addresses and `localhost` count.
    private static boolean isLoopback(URI address) {
        String host = address.getHost();
        return host.equals("localhost")
                || Pattern.matches("127(\\.\\d{1,3}){3}", host)
                || host.equals("[::1]");
    }

    /// Never with the token.
    @Override
    public String toString() {
        return "HubSettings[%s, %s]"
                .formatted(endpoint, token.isPresent() ? "with a token" : "without a token");
    }
}
