package io.moonglass.server.command;

import java.io.Console;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.Optional;

/// Whether somebody is looking.
final class Terminal {

    private static final int OUTPUT = 1;
    private static final int ERRORS = 2;

    private Terminal() {}

    /// Whether standard input and output are both a terminal.
    static boolean isInteractive() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /// Whether standard output is a terminal, wherever the input comes from.
    static boolean showsOutput() {
        return isTerminal(OUTPUT);
    }

    /// Whether standard error is one.
    static boolean showsErrors() {
        return isTerminal(ERRORS);
    }

    /// Whether colours are wanted on a terminal: where it has some, unless `NO_COLOR` is set.
    ///
    /// Source: no-color.org.
    static boolean hasColours(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "").equals("dumb");
    }

    /// Java's console knows of input and output together alone.
    private static boolean isTerminal(int descriptor) {
        Optional<MethodHandle> isatty = IsATty.HANDLE;
        if (isatty.isEmpty()) {
            return isInteractive();
        }
        try {
            return (int) isatty.get().invokeExact(descriptor) != 0;
        } catch (Throwable e) {
            throw new IllegalStateException("isatty takes a number and throws nothing", e);
        }
    }

    /// POSIX's `isatty`; not there on Windows.
    private static final class IsATty {

        private static final Optional<MethodHandle> HANDLE =
                Linker.nativeLinker()
                        .defaultLookup()
                        .find("isatty")
                        .map(address ->
                                Linker.nativeLinker()
                                        .downcallHandle(
                                                address,
                                                FunctionDescriptor.of(
                                                        ValueLayout.JAVA_INT,
                                                        ValueLayout.JAVA_INT)));
    }
}
