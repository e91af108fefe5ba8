package io.moonglass.vision.worker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Does after [ProcessLimit#applyAll] what an intruder would, and prints what could be done.
public final class ConfinedProgram {

    static final long MEMORY = 256L << 20;

    private interface Attempt {
        void make() throws Exception;
    }

    /// @param arguments a file of somebody else's
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        Path beside = file.resolveSibling("beside");
        System.out.println("limits " + ProcessLimit.applyAll(MEMORY));
        attempt("read", () -> Files.readString(file));
        attempt("thread", () -> Thread.ofPlatform().start(() -> {}).join());
        attempt("connect", () -> new Socket().connect(new InetSocketAddress("127.0.0.1", 9), 100));
        attempt("create", () -> Files.createFile(beside));
        attempt("overwrite", () -> Files.writeString(file, "mine"));
        attempt("append", () -> Files.writeString(file, "mine", StandardOpenOption.APPEND));
        attempt("rename", () -> Files.move(file, beside));
        attempt("delete", () -> Files.delete(file));
        attempt("link", () -> Files.createSymbolicLink(beside, file));
        attempt("folder", () -> Files.createDirectory(beside));
        attempt("program", () -> new ProcessBuilder("/bin/true").start().waitFor());
        attempt(
                "kill",
                () -> {
                    if (!ProcessHandle.current().parent().orElseThrow().destroyForcibly()) {
                        throw new IOException("not permitted");
                    }
                });
        attempt("memory", ConfinedProgram::takeMemory);
    }

    private static void takeMemory() {
        List<ByteBuffer> taken = new ArrayList<>();
        for (long bytes = 0; bytes < MEMORY; bytes += 16 << 20) {
            taken.add(ByteBuffer.allocateDirect(16 << 20));
        }
    }

    private static void attempt(String name, Attempt attempt) {
        try {
            attempt.make();
            System.out.println(name + " done");
        } catch (Exception | Error e) {
            System.out.println(name + " refused");
        }
    }
}
