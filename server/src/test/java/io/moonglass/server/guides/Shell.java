package io.moonglass.server.guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The terminals of a reader: one in which commands end, and one in which a server runs.
final class Shell implements AutoCloseable {

    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

    private final Path folder;
    private final Map<String, String> environment;
    private final Path log;
    private final Path logs;
    private final HttpClient http = HttpClient.newHttpClient();
    private Process server;

    /// @param folder      in which commands are typed
    /// @param environment of the commands: null values are variables that this process has and they do not
    /// @param logs        folder for what commands say beside their answers
    Shell(Path folder, Map<String, String> environment, Path logs) {
        this.folder = folder;
        this.environment = environment;
        this.log = logs.resolve("server.log");
        this.logs = logs;
    }

    /// Runs commands until they end, which must be well.
    ///
    /// @return what they printed
    String run(String script) throws IOException, InterruptedException {
        Path output = Files.createTempFile(logs, "output", ".txt");
        Path errors = Files.createTempFile(logs, "errors", ".txt");
        Process process = start(script, output, errors);
        if (!process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
            end(process);
            fail("does not end: " + script + Files.readString(output) + Files.readString(errors));
        }
        String said = Files.readString(output);
        assertEquals(0, process.exitValue(), () -> "failed: " + script + said + read(errors));
        return said;
    }

    /// Runs commands whose last one is a server, in place of the server that ran before, and waits until it is ready.
    void serve(String script, int port) throws IOException, InterruptedException {
        close();
        server = start(script, log, log);
        URI ready = URI.create("http://127.0.0.1:%d/health/ready".formatted(port));
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!answers(ready)) {
            if (!server.isAlive() || System.nanoTime() > deadline) {
                fail("serves nothing on port %d: %s%s".formatted(port, script, read(log)));
            }
            Thread.sleep(200);
        }
    }

    /// What servers have said so far.
    String log() {
        return read(log);
    }

    /// Whether there is something at an address.
    boolean answers(URI address) throws InterruptedException {
        try {
            return http.send(
                                    HttpRequest.newBuilder(address).timeout(LONGEST_ANSWER).build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private Process start(String script, Path output, Path errors) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder("/bin/sh", "-e", "-c", script)
                        .directory(folder.toFile())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(Redirect.appendTo(output.toFile()))
                        .redirectError(Redirect.appendTo(errors.toFile()));
        environment.forEach((name, value) -> {
            if (value == null) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        return builder.start();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// Ends what a shell has started, and it.
    private static void end(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (server != null) {
            end(server);
            server = null;
        }
    }
}
