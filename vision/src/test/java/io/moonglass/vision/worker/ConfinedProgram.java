package io.moonglass.vision.worker;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
        long parent = ProcessHandle.current().parent().orElseThrow().pid();
        attempt("slow the parent", () -> call("setpriority", 0, parent, 19));
        attempt("signal of a file", () -> call("fcntl", 0, 10, 9)); // F_SETSIG, SIGKILL
        attempt("owner of a file", () -> call("fcntl", 0, 8, parent)); // F_SETOWN
        attempt("flags of a file", () -> call("fcntl", 0, 3, 0)); // F_GETFL
        attempt("type", () -> call("ioctl", 0, 0x5412, 0)); // TIOCSTI
        attempt("memory", ConfinedProgram::takeMemory);
    }

    private static void takeMemory() {
        List<ByteBuffer> taken = new ArrayList<>();
        for (long bytes = 0; bytes < MEMORY; bytes += 16 << 20) {
            taken.add(ByteBuffer.allocateDirect(16 << 20));
        }
    }

    /// A function of the C library with an answer below 0 and the reason "not permitted" if it is refused.
    private static void call(String name, int first, long second, long third) throws Exception {
        Linker linker = Linker.nativeLinker();
        MethodHandle function =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow(name),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG),
                        Linker.Option.captureCallState("errno"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            int answer = (int) function.invokeExact(state, first, second, third);
            if (answer < 0 && state.get(ValueLayout.JAVA_INT, 0) == 1) { // EPERM
                throw new IOException("not permitted");
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
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
