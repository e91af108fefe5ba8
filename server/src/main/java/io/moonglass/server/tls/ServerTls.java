package io.moonglass.server.tls;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.storage.FileStamp;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyManagementException;
import java.security.Provider;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/// The server's TLS: 1.3, and 1.2 with forward secrecy and authenticated encryption alone. [#refresh()] takes new files
/// over; connections that are open go on as they are. A new pair is a new [SSLContext], so sessions that were begun
/// with the old one, or under other authorities, are not resumed. Safe to use from any thread.
public final class ServerTls {

    private static final System.Logger LOG = System.getLogger(ServerTls.class.getName());

    /// How long before a certificate runs out the log says so.
    private static final Duration WARNED_BEFORE = Duration.ofDays(14);

    private static final Duration WARNED_AGAIN_AFTER = Duration.ofHours(12);
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final List<String> CIPHERS =
            List.of(
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private final TlsFiles files;
    private final SSLContext context = new CurrentContext();
    private volatile TlsIdentity identity;
    // of the one thread that refreshes
    private FileStamp stamp;
    private Instant warned = Instant.EPOCH;

    private ServerTls(TlsFiles files, FileStamp stamp, TlsIdentity identity) {
        this.files = files;
        this.stamp = stamp;
        this.identity = identity;
    }

    /// @throws ConfigException if the files cannot be read, or key and certificate do not belong together
    public static ServerTls open(TlsFiles files) {
        FileStamp stamp =
                FileStamp.of(files.paths()); // before: what is written after is seen later
        ServerTls tls = new ServerTls(files, stamp, TlsIdentity.read(files));
        if (PrivateKeyFile.isReadByAll(files.key())) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "TLS: all users of this machine may read the private key {0}; chmod o-r mends it",
                    files.key());
        }
        tls.tell();
        tls.warnBeforeExpiry(Instant.now());
        return tls;
    }

    private void tell() {
        LOG.log(
                System.Logger.Level.INFO,
                "TLS: certificate of {0}, runs out at {1}{2}",
                identity.certificate().getSubjectX500Principal().getName(),
                identity.expiry(),
                files.clientCas().isPresent() ? "; clients must show one too" : "");
    }

    /// Takes the files over if they have changed since they were last read. Where they cannot be taken that is logged
    /// once, and what was there stays. Now and then it also warns of a certificate that runs out. For one thread at a
    /// time.
    public void refresh() {
        FileStamp now = FileStamp.of(files.paths());
        if (!now.equals(stamp)) {
            stamp = now;
            try {
                identity = TlsIdentity.read(files);
                warned = Instant.EPOCH;
                tell();
            } catch (ConfigException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "TLS: the certificate from before stays: {0}",
                        e.getMessage());
            }
        }
        warnBeforeExpiry(Instant.now());
    }

    private void warnBeforeExpiry(Instant now) {
        if (now.plus(WARNED_BEFORE).isAfter(identity.expiry())
                && now.isAfter(warned.plus(WARNED_AGAIN_AFTER))) {
            warned = now;
            LOG.log(
                    System.Logger.Level.WARNING,
                    now.isAfter(identity.expiry())
                            ? "TLS: the certificate {0} ran out at {1}; clients will refuse it"
                            : "TLS: the certificate {0} runs out at {1}; replace it before that",
                    files.certificate(),
                    identity.expiry());
        }
    }

    /// When the first of the certificates that are shown runs out.
    public Instant certificateExpiry() {
        return identity.expiry();
    }

    /// Always makes connections with what was read last.
    public SSLContext context() {
        return context;
    }

    /// What is spoken, and whether clients have to show a certificate.
    public SSLParameters parameters() {
        SSLContext current = identity.context();
        Set<String> known = Set.of(current.getSupportedSSLParameters().getCipherSuites());
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(CIPHERS.stream().filter(known::contains).toArray(String[]::new));
        parameters.setUseCipherSuitesOrder(true);
        parameters.setNeedClientAuth(files.clientCas().isPresent());
        return parameters;
    }

    /// A context that hands everything to the newest one.
    private final class CurrentContext extends SSLContext {

        CurrentContext() {
            super(new CurrentSpi(), new NoProvider(), "TLS");
        }
    }

    /// What a context has to name as its provider.
    private static final class NoProvider extends Provider {

        NoProvider() {
            super("moonglass", "1", "the TLS of this server");
        }
    }

    private final class CurrentSpi extends SSLContextSpi {

        private SSLContext current() {
            return identity.context();
        }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
                throws KeyManagementException {
            throw new KeyManagementException("is made of files");
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            return new CurrentSockets();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            return current().getServerSocketFactory();
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            SSLEngine engine = current().createSSLEngine();
            engine.setUseClientMode(false);
            engine.setSSLParameters(parameters());
            return engine;
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return engineCreateSSLEngine();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            return current().getServerSessionContext();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            return current().getClientSessionContext();
        }

        @Override
        protected SSLParameters engineGetDefaultSSLParameters() {
            return parameters();
        }

        @Override
        protected SSLParameters engineGetSupportedSSLParameters() {
            return current().getSupportedSSLParameters();
        }
    }

    /// Makes the server's end of accepted connections. Helidon 4.5.0 gives such sockets neither the parameters nor
    /// leave to close what is below them, so both are done here.
    private final class CurrentSockets extends SSLSocketFactory {

        @Override
        public Socket createSocket(Socket accepted, InputStream consumed, boolean autoClose)
                throws IOException {
            SSLSocket socket =
                    (SSLSocket)
                            identity.context()
                                    .getSocketFactory()
                                    .createSocket(accepted, consumed, true);
            socket.setUseClientMode(false);
            socket.setSSLParameters(parameters());
            return socket;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return parameters().getCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            String[] all = identity.context().getSocketFactory().getSupportedCipherSuites();
            return Arrays.copyOf(all, all.length);
        }

        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
                throws IOException {
            throw connectsNowhere();
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw connectsNowhere();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort)
                throws IOException {
            throw connectsNowhere();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw connectsNowhere();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
                throws IOException {
            throw connectsNowhere();
        }

        private static IOException connectsNowhere() {
            return new IOException("the server's TLS connects nowhere");
        }
    }
}
