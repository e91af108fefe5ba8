package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A real Prometheus on loopback, whose data lie in a folder of the test.
final class PrometheusProcess implements AutoCloseable {

    private final Process process;
    private final URI address;
    private final HttpClient client = HttpClient.newHttpClient();

    private PrometheusProcess(Process process, URI address) {
        this.process = process;
        this.address = address;
    }

    /// @param folder where `prometheus.yml` is
    static PrometheusProcess start(Program program, Path folder)
            throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path log = folder.resolve("prometheus.log");
        Process process =
                new ProcessBuilder(
                                List.of(
                                        program.file().toString(),
                                        "--config.file=prometheus.yml",
                                        "--storage.tsdb.path=data",
                                        "--web.listen-address=127.0.0.1:" + port,
                                        "--log.level=warn"))
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        PrometheusProcess prometheus =
                new PrometheusProcess(process, URI.create("http://127.0.0.1:" + port));
        for (int i = 0; i < 300 && process.isAlive(); i++) {
            if (prometheus.isReady()) {
                return prometheus;
            }
            Thread.sleep(100);
        }
        prometheus.close();
        throw new IllegalStateException("Prometheus did not start: " + Files.readString(log));
    }

    /// The result of an expression now.
    ///
    /// @throws AssertionError if Prometheus refuses it
    JsonNode query(String expression) throws IOException, InterruptedException {
        HttpResponse<String> response =
                get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        if (response.statusCode() != 200) {
            throw new AssertionError(expression + ": " + response.body());
        }
        return Chart.YAML.readTree(response.body()).at("/data/result");
    }

    private boolean isReady() throws InterruptedException {
        try {
            return get("/-/ready").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(address.resolve(path))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
