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

    /// Names the file where it lies unpacked, as in an image whose temporary folder may hold no programs.
    private static final String FILE_PROPERTY = "moonglass.native-library";

    private final SymbolLookup symbols;

    private NativeLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /// Empty where the build made none. A library is loaded once and stays for good.
    ///
    /// @throws UnsupportedOperationException if the library cannot be loaded
    static Optional<NativeLibrary> load() {
        String unpacked = System.getProperty(FILE_PROPERTY);
        if (unpacked != null) {
            return Optional.of(open(Path.of(unpacked)));
        }
        try (InputStream library = NativeLibrary.class.getResourceAsStream(RESOURCE)) {
            if (library == null) {
                return Optional.empty();
            }
            Path file = Files.createTempFile("moonglass", ".so");
            try {
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                return Optional.of(open(file));
            } finally {
                Files.delete(file); // what is loaded needs its name no longer
            }
        } catch (IOException e) {
            throw new UnsupportedOperationException("the native kernels cannot be loaded: " + e, e);
        }
    }

    private static NativeLibrary open(Path file) {
        try {
            return new NativeLibrary(SymbolLookup.libraryLookup(file, Arena.global()));
        } catch (IllegalArgumentException e) {
            throw new UnsupportedOperationException("the native kernels cannot be loaded: " + e, e);
        }
    }

    /// The best instruction set that this processor shares with the library; empty if there is none.
    Optional<String> instructionSet() {
        int level;
        try {
            level =
                    (int)
                            function("moonglass_level", FunctionDescriptor.of(ValueLayout.JAVA_INT))
                                    .invokeExact();
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        return switch (level) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(arm ? "neon" : "avx2");
            case 2 -> Optional.of("avx512");
            default -> Optional.of("avx512bf16");
        };
    }

    MethodHandle function(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), descriptor);
    }
}
