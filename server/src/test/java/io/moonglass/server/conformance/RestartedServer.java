package io.moonglass.server.conformance;

import com.sun.net.httpserver.HttpServer;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/// A server whose model thinks before it answers, and never ends until the server was restarted, which whoever posts to
/// [#control()] has it do: it stops, and begins anew at the same port.
final class RestartedServer implements AutoCloseable {

    static final String BEGINNING = "It begins";
    static final String THOUGHT = "Is it **night**? <img src=x onerror=alert(1)>";

    /// What a page must show as the text that it is.
    static final String ANSWER =
            "The *moon* <script>alert(1)</script> [here](javascript:alert(1)) <img src=x onerror=alert(1)>";

    private final HttpServer control;
    private MoonglassServer server;

    private RestartedServer() throws IOException {
        this.server = start(0, RestartedServer::begin);
        this.control =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        control.createContext(
                "/",
                exchange -> {
                    restart();
                    exchange.sendResponseHeaders(204, -1);
                    exchange.close();
                });
        control.start();
    }

    static RestartedServer start() throws IOException {
        return new RestartedServer();
    }

    private static MoonglassServer start(int port, ScriptedModel.Script script) {
        ScriptedModel model = new ScriptedModel();
        model.script = script;
        return MoonglassServer.start(
                model, ServerOptions.DEFAULT.withPort(port).withDrainTimeout(Duration.ZERO));
    }

    private static void begin(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
            throws InterruptedException {
        events.accept(new GenerationEvent.TextDelta(BEGINNING));
        cancelled.await();
        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
    }

    private static void think(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled) {
        events.accept(new GenerationEvent.ReasoningDelta(THOUGHT));
        events.accept(new GenerationEvent.TextDelta(ANSWER));
        events.accept(ScriptedModel.finished(FinishReason.STOP));
    }

    private synchronized void restart() {
        int port = server.port();
        server.close();
        server = start(port, RestartedServer::think);
    }

    /// Without a slash at its end.
    synchronized String address() {
        return "http://127.0.0.1:" + server.port();
    }

    String control() {
        return "http://127.0.0.1:" + control.getAddress().getPort() + "/";
    }

    @Override
    public synchronized void close() {
        control.stop(0);
        server.close();
    }
}
