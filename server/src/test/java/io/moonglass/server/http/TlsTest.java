package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.CHAT;
import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.rawChat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.server.tls.TlsFiles;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// TLS over real sockets, with certificates made for each test.
@Timeout(120)
class TlsTest {

    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO);

    @TempDir private Path folder;

    private final ScriptedModel model = new ScriptedModel();

    private static HttpResponse<String> chat(HttpClient client, MoonglassServer server)
            throws Exception {
        return client.send(
                HttpRequest.newBuilder(
                                URI.create("https://127.0.0.1:%d%s".formatted(server.port(), CHAT)))
                        .timeout(Duration.ofSeconds(30))
                        .POST(HttpRequest.BodyPublishers.ofString(GOOD))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static SSLSocket connect(SSLContext client, MoonglassServer server) throws Exception {
        SSLSocket socket =
                (SSLSocket) client.getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static void ask(Socket socket, String body) throws IOException {
        socket.getOutputStream().write(rawChat(body).getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    private static String readUntil(Socket socket, String mark) throws IOException {
        StringBuilder text = new StringBuilder();
        int next;
        while (text.indexOf(mark) < 0 && (next = socket.getInputStream().read()) >= 0) {
            text.append((char) next);
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void requests_are_answered_over_tls_in_either_http(String algorithm) throws Exception {
        TestCertificate own = TestCertificate.make(folder, "server", algorithm, 90);
        try (MoonglassServer server =
                        MoonglassServer.start(model, OPTIONS.withTls(own.install(folder)));
                HttpClient newer = HttpClient.newBuilder().sslContext(own.client()).build();
                HttpClient older =
                        HttpClient.newBuilder()
                                .sslContext(own.client())
                                .version(HttpClient.Version.HTTP_1_1)
                                .build()) {
            HttpResponse<String> http2 = chat(newer, server);
            HttpResponse<String> http1 = chat(older, server);

            assertEquals(HttpClient.Version.HTTP_2, http2.version());
            assertEquals(HttpClient.Version.HTTP_1_1, http1.version());
            assertTrue(http2.body().contains("Good day"), http2.body());
            assertTrue(http1.body().contains("Good day"), http1.body());
            assertEquals("TLSv1.3", http1.sslSession().orElseThrow().getProtocol());
        }
    }

    @Test
    void what_is_not_safe_any_more_is_not_spoken() throws Exception {
        TestCertificate own = TestCertificate.make(folder, "server", "RSA", 90);
        try (MoonglassServer server =
                        MoonglassServer.start(model, OPTIONS.withTls(own.install(folder)));
                SSLSocket old = connect(own.client(), server);
                SSLSocket weak = connect(own.client(), server)) {
            old.setEnabledProtocols(new String[] {"TLSv1.1"});
            weak.setEnabledProtocols(new String[] {"TLSv1.2"});
            weak.setEnabledCipherSuites(new String[] {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"});

            assertThrows(SSLException.class, old::startHandshake);
            assertThrows(SSLException.class, weak::startHandshake);
        }
    }

    @Test
    void a_replaced_certificate_is_shown_to_new_connections_and_open_ones_live_on()
            throws Exception {
        TestCertificate before = TestCertificate.make(folder, "before", "EC", 90);
        TestCertificate after = TestCertificate.make(folder, "after", "RSA", 90);
        try (MoonglassServer server =
                        MoonglassServer.start(model, OPTIONS.withTls(before.install(folder)));
                SSLSocket open = connect(before.client(), server)) {
            ask(open, GOOD);
            assertTrue(readUntil(open, "}}").contains("Good day"));
            after.install(folder);
            X509Certificate shown;
            do { // taken over soon, not at once
                try (SSLSocket fresh = connect(trustingAll(), server)) {
                    fresh.startHandshake();
                    shown = (X509Certificate) fresh.getSession().getPeerCertificates()[0];
                }
            } while (!shown.equals(after.certificate()));
            ask(open, GOOD);

            assertTrue(readUntil(open, "}}").contains("Good day"));
        }
    }

    private static SSLContext trustingAll() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustingAll()}, null);
        return context;
    }

    /// So that a test sees whichever certificate is shown.
    private static final class TrustingAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Test
    void only_clients_that_show_a_known_certificate_are_talked_with_where_that_is_wanted()
            throws Exception {
        TestCertificate own = TestCertificate.make(folder, "server", "EC", 90);
        TestCertificate known = TestCertificate.make(folder, "known", "EC", 90);
        TestCertificate stranger = TestCertificate.make(folder, "stranger", "EC", 90);
        Path authorities = folder.resolve("ca.crt");
        TestCertificate.replace(authorities, known.certificatePem());
        TlsFiles files = own.install(folder).withClientCas(authorities);
        try (MoonglassServer server = MoonglassServer.start(model, OPTIONS.withTls(files));
                HttpClient friend =
                        HttpClient.newBuilder().sslContext(own.clientAs(known)).build();
                HttpClient nobody = HttpClient.newBuilder().sslContext(own.client()).build();
                HttpClient other =
                        HttpClient.newBuilder().sslContext(own.clientAs(stranger)).build()) {
            assertEquals(200, chat(friend, server).statusCode());
            assertThrows(IOException.class, () -> chat(nobody, server));
            assertThrows(IOException.class, () -> chat(other, server));
        }
    }

    @Test
    void a_handshake_that_does_not_begin_is_cut_off() throws Exception {
        TestCertificate own = TestCertificate.make(folder, "server", "EC", 90);
        ServerOptions options =
                OPTIONS.withTls(own.install(folder))
                        .withConnections(
                                ConnectionLimits.DEFAULT.withHeaderTimeout(Duration.ofMillis(200)));
        try (MoonglassServer server = MoonglassServer.start(model, options);
                Socket silent = new Socket("127.0.0.1", server.port())) {
            silent.setSoTimeout(30_000);

            assertEquals(-1, silent.getInputStream().read());
        }
    }

    @Test
    void a_client_that_leaves_ends_its_generation() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        model.script =
                (_, events, cancelled) -> {
                    started.countDown();
                    cancelled.await();
                    events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
                };
        TestCertificate own = TestCertificate.make(folder, "server", "EC", 90);
        try (MoonglassServer server =
                MoonglassServer.start(model, OPTIONS.withTls(own.install(folder)))) {
            try (SSLSocket socket = connect(own.client(), server)) {
                ask(socket, GOOD_STREAM);
                assertTrue(started.await(10, TimeUnit.SECONDS));
            }

            assertTrue(model.wasCancelledWithin(10));
        }
    }
}
