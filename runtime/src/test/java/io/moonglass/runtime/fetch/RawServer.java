package io.moonglass.runtime.fetch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// A server on loopback that says exactly what a test has it say, well-mannered or not.
final class RawServer implements AutoCloseable {

    /// Goes on with a connection after the head of its request was read.
    interface Conversation {
        void answer(String head, InputStream in, OutputStream out)
                throws IOException, InterruptedException;
    }

    private final ServerSocket listener = new ServerSocket();
    private final SSLContext tls;
    private final Conversation conversation;
    private final AtomicInteger numConnections = new AtomicInteger();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final CountDownLatch left = new CountDownLatch(1);

    /// @param tls null for plain HTTP
    private RawServer(String ip, SSLContext tls, Conversation conversation) throws IOException {
        this.tls = tls;
        this.conversation = conversation;
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral(ip), 0));
        Thread.ofVirtual().start(this::accept);
    }

    static RawServer plain(Conversation conversation) throws IOException {
        return new RawServer("127.0.0.1", null, conversation);
    }

    static RawServer plainAt(String ip, Conversation conversation) throws IOException {
        return new RawServer(ip, null, conversation);
    }

    static RawServer secure(SSLContext tls, Conversation conversation) throws IOException {
        return new RawServer("127.0.0.1", tls, conversation);
    }

    /// Says this to every request, and closes the connection.
    static Conversation saying(String answer) {
        return (_, _, out) -> out.write(answer.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Conversation sendingTo(String location) {
        return saying(
                "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
    }

    /// Says a beginning, then a piece again and again until the other side leaves.
    static Conversation dripping(String beginning, String piece, long pauseMillis) {
        return (_, _, out) -> {
            out.write(beginning.getBytes(StandardCharsets.ISO_8859_1));
            while (true) {
                out.write(piece.getBytes(StandardCharsets.ISO_8859_1));
                Thread.sleep(pauseMillis);
            }
        };
    }

    /// Says a beginning, then nothing more until the other side leaves.
    static Conversation stallingAfter(String beginning) {
        return (_, in, out) -> {
            out.write(beginning.getBytes(StandardCharsets.ISO_8859_1));
            if (in.read() < 0) {
                throw new IOException("the other side left");
            }
        };
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                numConnections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> converse(socket));
            } catch (IOException e) {
                return; // it was closed
            }
        }
    }

    private void converse(Socket accepted) {
        try (Socket socket = tls == null ? accepted : secured(accepted)) {
            String head = head(socket.getInputStream());
            heads.add(head);
            conversation.answer(head, socket.getInputStream(), socket.getOutputStream());
            socket.shutdownOutput();
            socket.getInputStream().read();
        } catch (IOException | InterruptedException e) {
            left.countDown();
        }
    }

    private SSLSocket secured(Socket accepted) throws IOException {
        SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(accepted, null, 0, true);
        socket.setUseClientMode(false);
        return socket;
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the request broke off");
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    int port() {
        return listener.getLocalPort();
    }

    int numConnections() {
        return numConnections.get();
    }

    /// The heads of all requests, as they came.
    List<String> heads() {
        return heads;
    }

    /// Waits until a client has closed a connection in the middle of a conversation.
    boolean sawClientLeave() throws InterruptedException {
        return left.await(20, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
