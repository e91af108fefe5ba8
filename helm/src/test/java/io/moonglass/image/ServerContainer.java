package io.moonglass.image;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The image as a cluster would run it: a read-only root, no capabilities, no new privileges, a bound on memory, a small
/// `/tmp` that may hold no programs.
final class ServerContainer implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String NAME = "moonglass-test-";

    private final String name;
    private final int port;
    private final int operationsPort;
    private final long started = System.nanoTime();

    private ServerContainer(String name, int port, int operationsPort) {
        this.name = name;
        this.port = port;
        this.operationsPort = operationsPort;
    }

    static ServerContainer start(BuiltImage image) throws IOException, InterruptedException {
        image.load();
        int port = freePort();
        ServerContainer container = new ServerContainer(NAME + port, port, freePort());
        container.run();
        return container;
    }

    private void run() throws IOException, InterruptedException {
        List<String> arguments =
                new ArrayList<>(List.of("run", "--detach", "--name", name, "--memory", "1g"));
        arguments.addAll(confinement());
        arguments.addAll(
                List.of(
                        "localhost/" + BuiltImage.TAG,
                        "serve",
                        "--host=127.0.0.1",
                        "--port=" + port,
                        "--operations-host=127.0.0.1",
                        "--operations-port=" + operationsPort));
        ContainerEngine.podman(arguments.toArray(String[]::new)).succeeded();
    }

    private static List<String> confinement() {
        return List.of(
                "--network=host",
                "--read-only",
                "--read-only-tmpfs=false",
                "--cap-drop=all",
                "--security-opt=no-new-privileges",
                "--tmpfs=/tmp:size=64m,noexec,mode=1777",
                "--tmpfs=/cache:size=64m,mode=1777",
                "--tmpfs=/state:size=64m,mode=1777");
    }

    /// Runs another command of the image to its end, in the same network.
    Program command(List<String> options, String... command)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("run", "--rm"));
        arguments.addAll(confinement());
        arguments.addAll(options);
        arguments.add("localhost/" + BuiltImage.TAG);
        arguments.addAll(List.of(command));
        return ContainerEngine.podman(arguments.toArray(String[]::new));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    URI operations() {
        return URI.create("http://127.0.0.1:" + operationsPort);
    }

    /// The status of a GET, or 0 where nobody listens.
    int status(String path) throws InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(address().resolve(path))
                        .timeout(Duration.ofSeconds(10))
                        .build();
        try {
            return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    HttpResponse<InputStream> ask(String body) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(address().resolve("/v1/chat/completions"))
                        .header("Content-Type", "application/json")
                        .timeout(Duration.ofMinutes(2))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
    }

    /// @return the time since its start
    Duration awaitReady() throws IOException, InterruptedException {
        for (int i = 1; status("/health/ready") != 200; i++) {
            // podman takes from the machine what the server wants for its start
            if (sinceStart().toMinutes() >= 5 || (i % 100 == 0 && !isRunning())) {
                fail("not ready: " + log());
            }
            Thread.sleep(50);
        }
        return sinceStart();
    }

    Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - started);
    }

    boolean isRunning() throws IOException, InterruptedException {
        return inspect("{{.State.Running}}").equals("true");
    }

    /// A field of what podman knows of it, as a template of Go.
    String inspect(String template) throws IOException, InterruptedException {
        return ContainerEngine.podman("inspect", "--format", template, name)
                .succeeded()
                .lines()
                .reduce((first, last) -> last)
                .orElse("");
    }

    /// A line of its first process's status, such as `CapEff`.
    String processStatus(String field) throws IOException, InterruptedException {
        Path status = Path.of("/proc", inspect("{{.State.Pid}}"), "status");
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(field + ":"))
                    .findFirst()
                    .orElseThrow()
                    .substring(field.length() + 1)
                    .strip();
        }
    }

    void signal(String signal) throws IOException, InterruptedException {
        ContainerEngine.podman("kill", "--signal", signal, name).succeeded();
    }

    int awaitExit() throws IOException, InterruptedException {
        String last =
                ContainerEngine.podman("wait", name)
                        .succeeded()
                        .lines()
                        .reduce((first, second) -> second)
                        .orElseThrow();
        return Integer.parseInt(last.strip());
    }

    String log() throws IOException, InterruptedException {
        return ContainerEngine.podman("logs", name).output();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        ContainerEngine.podman("rm", "--force", "--time", "1", name);
    }
}
