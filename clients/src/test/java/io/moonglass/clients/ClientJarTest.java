package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What programs have to have for the client: Java 17, Jackson, and nothing else.
class ClientJarTest {

    private static final Path CLASSES = Path.of("target/classes");
    private static final int JAVA_17 = 61;

    @Test
    void its_classes_are_of_java_17() throws IOException {
        List<Path> classes;
        try (Stream<Path> files = Files.walk(CLASSES)) {
            classes = files.filter(file -> file.toString().endsWith(".class")).toList();
        }

        assertTrue(classes.size() > 50, "classes: " + classes);
        for (Path file : classes) {
            try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
                in.skipNBytes(6); // magic number and minor version
                assertEquals(JAVA_17, in.readUnsignedShort(), file::toString);
            }
        }
    }

    @Test
    void its_classes_use_jackson_and_the_jdks_http_client_alone() {
        StringWriter said = new StringWriter();
        int status =
                ToolProvider.findFirst("jdeps")
                        .orElseThrow()
                        .run(
                                new PrintWriter(said),
                                new PrintWriter(said),
                                "-summary",
                                "--multi-release",
                                "17",
                                "--class-path",
                                System.getProperty("java.class.path"),
                                CLASSES.toString());
        assertEquals(0, status, said::toString);
        Set<String> needed =
                said.toString()
                        .lines()
                        .filter(line -> line.startsWith("classes -> "))
                        .map(line -> line.replaceFirst(".*[ /\\\\]", ""))
                        .map(name -> name.replaceFirst("-[0-9.]+(-SNAPSHOT)?\\.jar$", ""))
                        .collect(Collectors.toSet());

        assertEquals(
                Set.of(
                        "java.base",
                        "java.net.http",
                        "jackson-annotations",
                        "jackson-core",
                        "jackson-databind",
                        "jackson-datatype-jdk8",
                        "jackson-datatype-jsr310"),
                needed);
    }
}
