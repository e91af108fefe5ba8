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
    private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    private final Process process;
    private final String address;

    /// @param folder for what it keeps and logs
    /// @param more   options of `serve`
    ServerProcess(Path folder, String... more) {
        this(folder, Map.of(), more);
    }

    /// @param environment more variables
    ServerProcess(Path folder, Map<String, String> environment, String... more) {
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
                        "-XX:MaxNewSize=64m",
                        "-Dmoonglass.demo-model=" + System.getProperty("moonglass.demo-model"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.moonglass.server.command.Main",
                        "serve",
                        "--port",
                        "0",
                        "--files-dir",
                        folder.resolve("files").toString(),
                        "--threads",
                        "2"));
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MOONGLASS_STATE", folder.resolve("state").toString());
        builder.environment().putAll(environment);
        builder.redirectError(folder.resolve("server.log").toFile());
        try {
            this.process = builder.start();
            this.address = readAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readAddress() throws IOException {
        BufferedReader said =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line; (line = said.readLine()) != null; ) {
            Matcher matcher = ADDRESS.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IllegalStateException("the server ended before it served");
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
