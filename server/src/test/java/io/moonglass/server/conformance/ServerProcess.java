package io.moonglass.server.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `serve` with the demo model in a process of its own, as the launcher starts it, so that its memory can be looked at.
final class ServerProcess implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("on (http://\\S+)");
    private static final Pattern OPERATIONS = Pattern.compile("operations on port (\\d+)");
    private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    private final Process process;
    private final BufferedReader said;
    private final Path log;
    private final String address;

    /// @param folder for what it keeps and logs
    /// @param more options of `serve`
    ServerProcess(Path folder, String... more) {
        this(folder, List.of(), List.of(more), Map.of());
    }

    /// @param environment variables that it has beside this process's
    ServerProcess(Path folder, Map<String, String> environment, String... more) {
        this(folder, List.of(), List.of(more), environment);
    }

    /// @param jvm         options of the JVM beside the launcher's, which they override
    /// @param arguments   of `serve`, beside those that keep it apart from others
    /// @param environment variables that it has beside this process's
    ServerProcess(
            Path folder,
            List<String> jvm,
            List<String> arguments,
            Map<String, String> environment) {
        this.log = folder.resolve("server.log");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "--add-modules=jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:+UseG1GC",
                        "-Xms64m",
                        "-Xmx2g",
                        "-XX:MaxNewSize=64m"));
        command.addAll(jvm);
        command.addAll(
                List.of(
                        "-Dmoonglass.demo-model=" + System.getProperty("moonglass.demo-model"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.moonglass.server.command.Main",
                        "serve",
                        "--port",
                        "0",
                        "--threads",
                        "2"));
        if (!arguments.contains("--files-dir")) {
            command.addAll(List.of("--files-dir", folder.resolve("files").toString()));
        }
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MOONGLASS_STATE", folder.resolve("state").toString());
        builder.environment().putAll(environment);
        builder.redirectError(log.toFile());
        try {
            this.process = builder.start();
            this.said =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8));
            this.address = readAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readAddress() throws IOException {
        return read(ADDRESS);
    }

    private String read(Pattern wanted) throws IOException {
        for (String line; (line = said.readLine()) != null; ) {
            Matcher matcher = wanted.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IllegalStateException("the server ended before it served: " + log());
    }

    /// Where operators ask it; to be called once, of a server that was started with a port for them.
    String operationsAddress() throws IOException {
        return "http://127.0.0.1:" + read(OPERATIONS);
    }

    /// What it has logged so far.
    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Asks it to end, as `kill` does.
    void terminate() {
        process.destroy();
    }

    /// Waits for its end.
    ///
    /// @return its exit code
    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the server does not end: " + log());
        }
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String address() {
        return address;
    }

    /// The most memory that it had so far, without that of its children.
    long peakBytes() {
        return peakBytes(process.toHandle());
    }

    /// The most memory that one of the processes had in which it decodes, of those that run.
    long peakBytesOfDecoders() {
        return process.children().mapToLong(ServerProcess::peakBytes).max().orElseThrow();
    }

    private static long peakBytes(ProcessHandle process) {
        try {
            Matcher matcher =
                    PEAK.matcher(Files.readString(Path.of("/proc", "" + process.pid(), "status")));
            return matcher.find() ? Long.parseLong(matcher.group(1)) << 10 : 0;
        } catch (IOException e) {
            return 0; // it has ended
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
