package io.moonglass.loader.disk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Optional;

/// Room on a disk that is taken before it is written to. A mapped file whose disk fills while it is written to cannot
/// fail softly: the system ends the process.
public final class FileSpace {

    private static final int O_RDWR = 2;
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;

    private static final Optional<MethodHandle> OPEN =
            function("open", ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    private static final Optional<MethodHandle> ALLOCATE =
            function(
                    "posix_fallocate",
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG);
    private static final Optional<MethodHandle> CLOSE = function("close", ValueLayout.JAVA_INT);

    private FileSpace() {}

    /// Makes a file this large, with blocks of its own behind every byte. Does nothing where the system has no such
    /// thing, or the file system does not know it.
    ///
    /// Source: POSIX.1-2017, `posix_fallocate`.
    ///
    /// @param file is there already
    /// @throws IOException if the disk has no room
    public static void take(Path file, long bytes) throws IOException {
        if (OPEN.isEmpty() || ALLOCATE.isEmpty() || CLOSE.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file.toAbsolutePath().toString());
            int descriptor = (int) OPEN.get().invokeExact(name, O_RDWR);
            if (descriptor < 0) {
                return; // whoever writes to it will learn why
            }
            int fault = (int) ALLOCATE.get().invokeExact(descriptor, 0L, bytes);
            int _ = (int) CLOSE.get().invokeExact(descriptor);
            if (fault == ENOSPC || fault == EDQUOT) {
                throw new FileSystemException(
                        file.toString(),
                        null,
                        "no room for %,d bytes on its disk".formatted(bytes));
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a function of C throws nothing", e);
        }
    }

    private static Optional<MethodHandle> function(String name, MemoryLayout... arguments) {
        SymbolLookup library = Linker.nativeLinker().defaultLookup();
        return library.find(name)
                .map(address ->
                        Linker.nativeLinker()
                                .downcallHandle(
                                        address,
                                        FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments)));
    }
}
