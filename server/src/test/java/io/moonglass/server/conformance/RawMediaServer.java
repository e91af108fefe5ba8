package io.moonglass.server.conformance;

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
import java.util.concurrent.atomic.AtomicInteger;

/// A media host on this machine that says what a test has it say, well-mannered or not, and counts who came.
final class RawMediaServer implements AutoCloseable {

    /// Goes on with a connection after its first line was read.
    interface Conversation {
        void answer(String path, OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket listener = new ServerSocket();
    private final Conversation conversation;
    private final AtomicInteger numConnections = new AtomicInteger();
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final AtomicInteger numLeft = new AtomicInteger();

    /// @param ip a loopback address
    RawMediaServer(String ip, Conversation conversation) throws IOException {
        this.conversation = conversation;
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral(ip), 0));
        Thread.ofVirtual().start(this::accept);
    }

    /// One that says nothing but that nobody should have come.
    static RawMediaServer secret(String ip) throws IOException {
        return new RawMediaServer(ip, (_, out) -> say(out, "HTTP/1.1 200 OK\r\n\r\nsecret"));
    }

    static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
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
        try (Socket socket = accepted) {
            String path = path(socket.getInputStream());
            conversation.answer(path, socket.getOutputStream());
            socket.shutdownOutput();
            socket.getInputStream().read();
        } catch (IOException | InterruptedException e) {
            numLeft.incrementAndGet();
        }
    }

    private static String path(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the request broke off");
            }
            head.append((char) next);
        }
        return head.toString().split(" ")[1];
    }

    String address(String path) {
        return "http://%s:%d%s".formatted(listener.getInetAddress().getHostAddress(), port(), path);
    }

    int port() {
        return listener.getLocalPort();
    }

    int numConnections() {
        return numConnections.get();
    }

    /// Clients that left in the middle of an answer.
    int numLeft() {
        return numLeft.get();
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
