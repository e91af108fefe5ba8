package io.moonglass.tensor;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// The leaf functions in C that the build compiled, if it found a compiler.
final class NativeLibrary {

    private static final String RESOURCE = "libmoonglass.so";

    private final SymbolLookup symbols;

    private NativeLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /// Empty where the build made none. A library is loaded once and stays for good.
    ///
    /// @throws UnsupportedOperationException if the library cannot be loaded
    static Optional<NativeLibrary> load() {
        try (InputStream library = NativeLibrary.class.getResourceAsStream(RESOURCE)) {
            if (library == null) {
                return Optional.empty();
            }
            Path file = Files.createTempFile("moonglass", ".so");
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                return Optional.of(
                        new NativeLibrary(SymbolLookup.libraryLookup(file, Arena.global())));
            } finally {
                Files.delete(file); // what is loaded needs its name no longer
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new UnsupportedOperationException("the native kernels cannot be loaded: " + e, e);
        }
    }

    /// The best instruction set that this processor shares with the library; empty if there is none.
    Optional<String> instructionSet() {
        int level = answer("moonglass_level");
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        return switch (level) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(arm ? "neon" : "avx2");
            default -> Optional.of("avx512");
        };
    }

    /// The instruction set that attention of many queries is compiled for: some processors have dot
    /// products of bfloat16 pairs besides.
    String tileSet(String instructionSet) {
        boolean pairs = instructionSet.equals("avx512") && answer("moonglass_bf16_dots") == 1;
        return pairs ? "avx512bf16" : instructionSet;
    }

    private int answer(String name) {
        try {
            return (int) function(name, FunctionDescriptor.of(ValueLayout.JAVA_INT)).invokeExact();
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    MethodHandle function(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
    }
}
