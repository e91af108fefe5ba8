package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompileCommandsTest {

    private static final Pattern COMMANDS =
            Pattern.compile("=(?:dontinline|inline),([\\w.]+)::(\\w*)(\\*?)");

    @ParameterizedTest
    @ValueSource(strings = {"../moonglass", "../helm/image/java.options"})
    void methods_that_the_compiler_is_told_about_are_there(String file)
            throws IOException, ClassNotFoundException {
        List<MatchResult> commands =
                COMMANDS.matcher(Files.readString(Path.of(file))).results().toList();

        assertFalse(commands.isEmpty());
        for (MatchResult command : commands) {
            Method[] methods = Class.forName(command.group(1)).getDeclaredMethods();
            assertTrue(
                    Arrays.stream(methods)
                            .map(Method::getName)
                            .anyMatch(name ->
                                    command.group(3).isEmpty()
                                            ? name.equals(command.group(2))
                                            : name.startsWith(command.group(2))),
                    command.group());
        }
    }
}
