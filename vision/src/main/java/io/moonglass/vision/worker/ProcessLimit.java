package io.moonglass.vision.worker;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// What a process takes from itself before it looks at anything that a stranger sent. Each is had where the
/// system offers it.
enum ProcessLimit {
    /// Memory, its heap and its threads' stacks included.
    MEMORY,
    /// Files cannot be written.
    WRITTEN_FILES,
    /// No image of its memory is left behind.
    CORE_DUMPS,
    OPEN_FILES,
    /// Programs with more rights than their caller get none.
    NEW_PRIVILEGES,
    /// See [SystemCallFilter].
    SYSTEM_CALLS;

    private static final int MOST_OPEN_FILES = 256;

    // linux/prctl.h, linux/seccomp.h
    private static final int SET_NO_NEW_PRIVILEGES = 38;
    private static final long SET_MODE_FILTER = 1;
    private static final long ALL_THREADS = 1;

    /// Limits this process, for good.
    ///
    /// @return what could be had
    static Set<ProcessLimit> applyAll(long memoryBytes) {
        Set<ProcessLimit> had = EnumSet.noneOf(ProcessLimit.class);
        if (!System.getProperty("os.name").equals("Linux")) {
            return had;
        }
        Linux linux = new Linux();
        try (Arena arena = Arena.ofConfined()) {
            for (ProcessLimit limit : values()) {
                if (limit.apply(linux, arena, memoryBytes)) {
                    had.add(limit);
                }
            }
        } catch (Throwable e) {
            // a C library without such a function: what was had so far stands
            return had;
        }
        return had;
    }

    private boolean apply(Linux linux, Arena arena, long memoryBytes) throws Throwable {
        return switch (this) {
            case MEMORY -> linux.limit(arena, 2, memoryBytes); // RLIMIT_DATA
            case WRITTEN_FILES -> linux.limit(arena, 1, 0); // RLIMIT_FSIZE
            case CORE_DUMPS -> linux.limit(arena, 4, 0); // RLIMIT_CORE
            case OPEN_FILES -> linux.limit(arena, 7, MOST_OPEN_FILES); // RLIMIT_NOFILE
            case NEW_PRIVILEGES -> linux.noNewPrivileges();
            case SYSTEM_CALLS -> linux.filter(arena);
        };
    }

    /// The C library's functions.
    private static final class Linux {

        private final MethodHandle setrlimit =
                function(
                        "setrlimit",
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        private final MethodHandle prctl =
                function(
                        "prctl",
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG),
                        Linker.Option.firstVariadicArg(1));
        private final MethodHandle syscall =
                function(
                        "syscall",
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.ADDRESS),
                        Linker.Option.firstVariadicArg(1));

        private static MethodHandle function(
                String name, FunctionDescriptor descriptor, Linker.Option... options) {
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            return linker.downcallHandle(library.findOrThrow(name), descriptor, options);
        }

        boolean limit(Arena arena, int resource, long most) throws Throwable {
            MemorySegment softAndHard = arena.allocateFrom(ValueLayout.JAVA_LONG, most, most);
            return (int) setrlimit.invokeExact(resource, softAndHard) == 0;
        }

        boolean noNewPrivileges() throws Throwable {
            return (int) prctl.invokeExact(SET_NO_NEW_PRIVILEGES, 1L, 0L, 0L, 0L) == 0;
        }

        boolean filter(Arena arena) throws Throwable {
            String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
            boolean onArm = machine.equals("aarch64");
            if (!onArm && !machine.equals("amd64")) {
                return false;
            }
            SystemCallFilter filter = SystemCallFilter.of(onArm, ProcessHandle.current().pid());
            // struct sock_fprog: length, then the address of the instructions
            MemorySegment program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.length());
            program.set(ValueLayout.ADDRESS, 8, filter.toNative(arena));
            long number = onArm ? 277 : 317; // seccomp
            return (long) syscall.invokeExact(number, SET_MODE_FILTER, ALL_THREADS, program) == 0;
        }
    }
}
