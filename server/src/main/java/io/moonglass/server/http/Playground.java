package io.moonglass.server.http;

import io.helidon.http.HeaderNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The page at `/`: what a browser needs to ask the server as any other client does. It is served to everybody, since
/// it holds nothing but its own text; keys are wanted where it asks.
final class Playground {

    private static final String PAGE = "index.html";
    private static final String FOLDER = "/playground/";

    /// All that can be asked for, so that no name becomes a path.
    private static final List<String> FILES =
            List.of(
                    PAGE,
                    "answer.js",
                    "api.js",
                    "app.js",
                    "attachments.js",
                    "camera.js",
                    "chat.js",
                    "dom.js",
                    "icon.svg",
                    "markdown.js",
                    "metrics.js",
                    "operations.js",
                    "settings.js",
                    "snippets.js",
                    "style.css");

    /// Nothing comes from elsewhere or stands inside the page, texts never become markup, and no other page may show
    /// this one in a frame.
    ///
    /// Source: W3C, "Content Security Policy Level 3".
    static final String SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                    + " require-trusted-types-for 'script'; trusted-types 'none'";

    private final Map<String, PageFile> files = new LinkedHashMap<>();

    /// @param tag of its bytes, in quotes
    private record PageFile(String type, byte[] bytes, String tag) {}

    private Playground() {}

    /// The one that is built into this server.
    static Playground load() {
        Playground playground = new Playground();
        for (String name : FILES) {
            byte[] bytes = bytes(name);
            playground.files.put(name, new PageFile(type(name), bytes, tag(bytes)));
        }
        return playground;
    }

    /// Whether a path is of the page.
    static boolean isPath(String path) {
        return path.equals("/") || path.startsWith(FOLDER);
    }

    List<Route> routes() {
        return List.of(
                Route.open("/", (exchange, _) -> answer(exchange, PAGE)),
                Route.open(FOLDER + "{id}", this::answer));
    }

    private void answer(Exchange exchange, String name) {
        PageFile file = files.get(name);
        if (file == null) {
            throw HttpFault.unknownUrl();
        }
        exchange.header("Content-Security-Policy", SECURITY_POLICY);
        exchange.header("Permissions-Policy", "camera=(self), geolocation=(), microphone=()");
        exchange.header("Referrer-Policy", "no-referrer");
        exchange.header("Cross-Origin-Opener-Policy", "same-origin");
        exchange.header("Cross-Origin-Resource-Policy", "same-origin");
        // asked for anew each time, so that a page and its server are of one version
        exchange.header(HeaderNames.CACHE_CONTROL, "no-cache");
        exchange.header(HeaderNames.ETAG, file.tag());
        if (isKnown(exchange.header(HeaderNames.IF_NONE_MATCH), file.tag())) {
            exchange.answerNotModified();
        } else {
            exchange.answer(file.type(), file.bytes());
        }
    }

    /// Proxies that compress make tags weak.
    private static boolean isKnown(Optional<String> tags, String tag) {
        return tags.stream()
                .flatMap(text -> Arrays.stream(text.split(",")))
                .map(String::strip)
                .map(known -> known.startsWith("W/") ? known.substring(2) : known)
                .anyMatch(known -> known.equals(tag) || known.equals("*"));
    }

    private static String type(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalArgumentException("no type is known of " + name);
        };
    }

    private static byte[] bytes(String name) {
        try (InputStream stream =
                Playground.class.getResourceAsStream("/io/moonglass/server" + FOLDER + name)) {
            if (stream == null) {
                throw new IllegalStateException("the page's file " + name + " is not built in");
            }
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String tag(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
