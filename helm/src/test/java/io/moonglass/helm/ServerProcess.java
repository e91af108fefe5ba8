package io.moonglass.helm;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The built program in a process of its own, as the launcher starts it.
final class ServerProcess implements AutoCloseable {

    private static final Path BUILT = Path.of("../server/target").toAbsolutePath().normalize();
    private static final Duration LONGEST_START = Duration.ofSeconds(60);
    private static final Pattern ADDRESS = Pattern.compile("on (http://[0-9.]+:[0-9]+)");

    private final Process process;
    private final URI address;

    private ServerProcess(Process process, URI address) {
        this.process = process;
        this.address = address;
    }

    /// Starts `serve` with the demo model on any free port, and waits until it is ready.
    ///
    /// @param folder for what it says and keeps
    static ServerProcess serve(Path folder, String... options)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("serve", "--port", "0"));
        arguments.addAll(List.of(options));
        Path log = folder.resolve("server.log");
        Process process = start(folder, log, arguments);
        long deadline = System.nanoTime() + LONGEST_START.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            Matcher said = ADDRESS.matcher(Files.readString(log, StandardCharsets.UTF_8));
            if (said.find()) {
                return new ServerProcess(process, URI.create(said.group(1)));
            }
            Thread.sleep(100);
        }
        process.destroyForcibly();
        throw new IllegalStateException("the server did not start: " + Files.readString(log));
    }

    /// Starts any command of the program.
    static Process start(Path folder, Path log, List<String> arguments) throws IOException {
        Path jar = BUILT.resolve("moonglass.jar");
        if (!Files.isRegularFile(jar)) {
            throw new IllegalStateException("%s is missing; build the server first".formatted(jar));
        }
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--add-modules=jdk.incubator.vector",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-Xmx512m",
                                "-Dmoonglass.demo-model="
                                        + System.getProperty("moonglass.demo-model"),
                                "-cp",
                                jar + ":" + BUILT.resolve("lib") + "/*",
                                "io.moonglass.server.command.Main"));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("MOONGLASS_"));
        builder.environment().put("MOONGLASS_STATE", folder.resolve("state").toString());
        builder.environment().put("MOONGLASS_CACHE", folder.resolve("cache").toString());
        return builder.start();
    }

    URI address() {
        return address;
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
