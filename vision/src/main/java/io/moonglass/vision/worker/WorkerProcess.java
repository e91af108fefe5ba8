package io.moonglass.vision.worker;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/// One process that decodes, as the server sees it. What is not final belongs to the lock of [WorkerPool], but for
/// the streams, which belong to the thread that made it busy.
final class WorkerProcess {

    enum State {
        /// It has a command, or starts.
        BUSY,
        /// It has answered, and may be decoding ahead.
        SETTLING,
        /// It is being told to close a file.
        CLOSING,
        READY
    }

    /// Why the server ended it; none if it ended by itself.
    enum Ending {
        NONE,
        TIME,
        NONSENSE,
        ABANDONED,
        NOT_NEEDED
    }

    /// What a JVM that cannot allocate exits with under `ExitOnOutOfMemoryError`.
    private static final int OUT_OF_MEMORY = 3;

    /// Files that are remembered to be open.
    private static final int MOST_OPEN = 8;

    private static final int BUFFER_BYTES = 1 << 16;

    /// What names of files and native libraries depend on.
    private static final Set<String> KEPT_VARIABLES =
            Set.of("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH");

    private static final List<String> KEPT_PROPERTIES =
            List.of(
                    "user.home",
                    "java.io.tmpdir",
                    "org.bytedeco.javacpp.cachedir",
                    "org.bytedeco.javacpp.cacheLibraries",
                    "org.bytedeco.javacpp.platform.preloadpath");

    /// Of what allocates behind our back, as little as there is.
    private static final Map<String, String> SET_VARIABLES =
            Map.of(
                    "MALLOC_ARENA_MAX",
                    "2",
                    "OPENBLAS_NUM_THREADS",
                    "1",
                    "OPENCV_LOG_LEVEL",
                    "SILENT");

    private final Process process;
    private final DataOutputStream out;
    private final AnswerReader in;
    private final WorkerTrade trade;

    /// Whether it is known to have limited itself.
    boolean greeted;

    /// Whether it has not yet said that it is ready after what came before.
    boolean owesReady;

    State state = State.BUSY;
    Ending ending = Ending.NONE;

    /// What it has open, as far as is known: it may have closed some. The last one is the one used last.
    final LinkedHashSet<Command.Source> open = new LinkedHashSet<>();

    /// What should be closed once it is ready.
    final LinkedHashSet<Command.Source> toClose = new LinkedHashSet<>();

    /// When its command has to be over, on [System#nanoTime]'s clock.
    long deadline;

    /// Whether its command's caller is gone; null if it has none.
    BooleanSupplier abandoned;

    /// Since when nobody waits, or [Long#MAX_VALUE].
    long abandonedSince = Long.MAX_VALUE;

    /// Since when it has nothing to do.
    long idleSince;

    private WorkerProcess(Process process, WorkerTrade trade) {
        this.process = process;
        this.trade = trade;
        this.out =
                new DataOutputStream(
                        new BufferedOutputStream(process.getOutputStream(), BUFFER_BYTES));
        this.in =
                new AnswerReader(
                        new DataInputStream(
                                new BufferedInputStream(process.getInputStream(), BUFFER_BYTES)));
    }

    static WorkerProcess start(WorkerOptions options, WorkerTrade trade) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(commandLine(options, trade))
                        .directory(new File("/"))
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().retainAll(KEPT_VARIABLES);
        builder.environment().putAll(SET_VARIABLES);
        return new WorkerProcess(builder.start(), trade);
    }

    private static List<String> commandLine(WorkerOptions options, WorkerTrade trade) {
        List<String> line = new ArrayList<>();
        line.add(options.java().toString());
        line.addAll(
                List.of(
                        "-Xms16m",
                        "-Xmx" + (options.memoryBytes() / 2 >> 20) + "m",
                        "-Xshare:auto",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:+SuppressFatalErrorMessage",
                        "-XX:+DisableAttachMechanism",
                        "-XX:-UsePerfData",
                        // its output is for answers: what the JVM itself prints goes elsewhere
                        "-XX:+DisplayVMOutputToStderr",
                        "-Xlog:disable",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.awt.headless=true",
                        // PDFBox would keep what it knows of fonts in the user's home
                        "-Dpdfbox.fontcache=/nonexistent"));
        for (String property : KEPT_PROPERTIES) {
            String value = System.getProperty(property);
            if (value != null) {
                line.add("-D" + property + "=" + value);
            }
        }
        line.addAll(
                List.of(
                        "-cp",
                        classPath(),
                        WorkerMain.class.getName(),
                        trade.name(),
                        Long.toString(options.memoryBytes()),
                        Integer.toString(options.decoderThreads())));
        return line;
    }

    /// This process's, independent of the working directory.
    private static String classPath() {
        String[] entries = System.getProperty("java.class.path").split(File.pathSeparator);
        return Arrays.stream(entries)
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /// Remembers a file that it has just used.
    void opened(Command.Source source) {
        open.remove(source);
        open.addLast(source);
        if (open.size() > MOST_OPEN) {
            open.removeFirst();
        }
    }

    WorkerTrade trade() {
        return trade;
    }

    AnswerReader in() {
        return in;
    }

    /// The process that answers, for a message in the log.
    long processId() {
        return process.pid();
    }

    void send(Command command) throws IOException {
        command.writeTo(out);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /// Ends it at once, whatever it does. What the thread that waits for its answer gets is the end of the stream.
    void kill(Ending why) {
        if (ending == Ending.NONE) {
            ending = why;
        }
        process.destroyForcibly();
    }

    /// Whether it ended because its memory did not suffice. Waits a moment for its end.
    boolean ranOutOfMemory() {
        try {
            return process.waitFor(1, TimeUnit.SECONDS) && process.exitValue() == OUT_OF_MEMORY;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
