package io.moonglass.clients;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A socket on this machine that behaves as a network may: each request is answered byte by byte as a test says. Requests
/// that end others by their id are answered by themselves.
final class LoopbackServer implements AutoCloseable {

    /// What is sent and when.
    interface Answer {
        void write(Request request, Wire wire) throws IOException, InterruptedException;
    }

    record Request(String method, String path, Map<String, String> headers, String body) {

        String id() {
            return headers.get("x-request-id");
        }
    }

    private static final String CANCELLING = "/v1/requests/";

    private final ServerSocket listening;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Request> cancellations = new LinkedBlockingQueue<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

    LoopbackServer() {
        this(0);
    }

    /// @param port 0 for any
    LoopbackServer(int port) {
        try {
            listening = new ServerSocket(port, 20, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + port());
    }

    ClientBuilder client() {
        return MoonglassClient.builder(uri());
    }

    /// What the next request that has no answer yet gets.
    LoopbackServer answer(Answer answer) {
        answers.add(answer);
        return this;
    }

    LoopbackServer answer(int status, String body, String... headers) {
        return answer((request, wire) -> wire.send(status, body, headers));
    }

    /// All but those that end others.
    List<Request> requests() {
        return requests;
    }

    /// The next request that ended another.
    Request cancellation() throws InterruptedException {
        Request cancellation = cancellations.poll(20, TimeUnit.SECONDS);
        if (cancellation == null) {
            throw new AssertionError("nothing was cancelled");
        }
        return cancellation;
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                sockets.add(socket);
                daemon(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed by the test
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Wire wire = new Wire(in, socket.getOutputStream());
            for (Request request; (request = read(in)) != null && !wire.isClosed; ) {
                if (request.path().startsWith(CANCELLING)) {
                    cancellations.add(request);
                    wire.send(200, "{}");
                } else {
                    requests.add(request);
                    Answer next = answers.poll();
                    if (next == null) {
                        wire.send(500, error("unexpected", "the test has no answer to this"));
                    } else {
                        next.write(request, wire);
                    }
                }
            }
        } catch (IOException | InterruptedException e) {
            // the client has closed the connection, or the test is over
        } catch (Throwable e) {
            failures.add(e);
        }
    }

    private static Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return null;
            }
            head.append((char) next);
        }
        String[] lines = head.toString().split("\r\n");
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        byte[] body = in.readNBytes(length);
        String[] first = lines[0].split(" ");
        return new Request(
                first[0], first[1], headers, new String(body, StandardCharsets.ISO_8859_1));
    }

    /// What a connection carries to the client.
    static final class Wire {

        private final InputStream in;
        private final OutputStream out;
        private volatile boolean isClosed;

        private Wire(InputStream in, OutputStream out) {
            this.in = in;
            this.out = out;
        }

        /// A whole answer.
        void send(int status, String body, String... headers) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Some\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            write(head + "Content-Length: " + bytes.length + "\r\n\r\n");
            out.write(bytes);
            out.flush();
        }

        /// The head of a stream, which ends with the connection.
        void beginStream() throws IOException {
            write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
        }

        void event(String data) throws IOException {
            write("data: " + data + "\n\n");
        }

        /// A piece of an answer to a chat.
        void piece(String text) throws IOException {
            event(pieceOf(text));
        }

        void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        void write(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        void close() throws IOException {
            isClosed = true;
            out.close();
        }

        /// Returns when the client has closed the connection.
        void awaitClosed() {
            try {
                while (in.read() >= 0) {
                    // nothing is expected
                }
            } catch (IOException e) {
                // closed as well
            }
            isClosed = true;
        }
    }

    static String pieceOf(String text) {
        return "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}".formatted(text);
    }

    /// A whole answer to a chat.
    static String answerOf(String text) {
        return ("{\"id\":\"x\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":"
                        + "{\"role\":\"assistant\",\"content\":%s}}]}")
                .formatted(Json.MAPPER.valueToTree(text));
    }

    static String error(String code, String message) {
        return "{\"error\":{\"message\":\"%s\",\"code\":\"%s\"}}".formatted(message, code);
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "loopback-server");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listening.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!failures.isEmpty()) {
            throw new AssertionError("an answer failed", failures.poll());
        }
    }
}
