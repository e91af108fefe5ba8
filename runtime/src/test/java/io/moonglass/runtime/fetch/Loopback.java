package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

/// A fetcher that may reach 127.0.0.1 and no other address that is not public, where `media.example` is,
/// and what can be asked of it. Everything it made is closed with it.
final class Loopback implements AutoCloseable {

    static final FetchOptions OPTIONS =
            FetchOptions.DEFAULT
                    .withAllowHttp(true)
                    .withAllowedNetworks(List.of(AddressRange.parse("127.0.0.1")));

    static final int MAX_BYTES = 100_000;
    static final String PARAM = "messages[0].content[1].image_url.url";

    private static final String GOOD = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\na good thing";

    final ScriptedResolver resolver =
            new ScriptedResolver()
                    .with("media.example", "127.0.0.1")
                    .with("private.example", "127.0.0.2");
    final MediaFetcher fetcher;
    private final List<RawServer> servers = new ArrayList<>();
    private final RawServer good;

    Loopback(FetchOptions options) throws IOException, GeneralSecurityException {
        this(options, SSLContext.getDefault());
    }

    Loopback(FetchOptions options, SSLContext tls) throws IOException {
        fetcher = new MediaFetcher(options, resolver, tls);
        good = serve(RawServer.saying(GOOD));
    }

    /// A server at 127.0.0.1.
    RawServer serve(RawServer.Conversation conversation) throws IOException {
        return closing(RawServer.plain(conversation));
    }

    /// A server at an address that must not be reached.
    RawServer serveAt(String ip) throws IOException {
        return closing(RawServer.plainAt(ip, RawServer.saying(GOOD)));
    }

    RawServer closing(RawServer server) {
        servers.add(server);
        return server;
    }

    static String url(RawServer server) {
        return "http://media.example:" + server.port() + "/a.png";
    }

    String text(String url) {
        try (FetchedBytes fetched = fetcher.fetch(url, "image", MAX_BYTES, PARAM, () -> false)) {
            return new String(fetched.bytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /// That it is refused as this kind, with the field's name, and that a good fetch works afterwards.
    ///
    /// @return the message
    String refused(Kind kind, String url) {
        InvalidRequestException fault =
                assertThrows(InvalidRequestException.class, () -> text(url), url);
        assertEquals(kind, fault.kind(), fault.getMessage());
        assertEquals(PARAM, fault.param());
        assertTrue(fault.getMessage().startsWith(PARAM + ": "), fault.getMessage());
        goodFetchWorks();
        return fault.getMessage();
    }

    /// The same of what a server does.
    String refused(Kind kind, RawServer.Conversation conversation) throws IOException {
        return refused(kind, url(serve(conversation)));
    }

    String unavailable(String answer) throws IOException {
        return refused(Kind.MEDIA_UNAVAILABLE, RawServer.saying(answer));
    }

    void goodFetchWorks() {
        try (FetchedBytes fetched =
                fetcher.fetch(url(good), "image", MAX_BYTES, PARAM, () -> false)) {
            assertArrayEquals(
                    "a good thing".getBytes(StandardCharsets.ISO_8859_1), fetched.bytes());
        }
    }

    @Override
    public void close() {
        fetcher.close();
        servers.forEach(RawServer::close);
    }
}
