package io.moonglass.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    @TempDir private Path folder;

    @Test
    void a_flag_goes_before_a_variable_and_that_before_the_file() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(
                file, "server:\n  port: 1\n  body-timeout: 1\nmodels:\n  model: [a, b]\n");
        Settings settings =
                resolve(
                        Map.of("--port", List.of("3")),
                        Map.of("MOONGLASS_SERVER_PORT", "2", "MOONGLASS_MODELS_MODEL", "c"),
                        Optional.of(file));

        assertEquals("3 flag --port", said(settings, "--port"));
        assertEquals("c variable MOONGLASS_MODELS_MODEL", said(settings, "--model"));
        assertEquals("1 file " + file + ":3", said(settings, "--body-timeout"));
        assertEquals("20MiB default", said(settings, "--max-image-bytes"));
        assertEquals(
                "settings: "
                        + file
                        + " was read; set by flags: 1, by variables: 1, by the file: 1, by default: 4",
                settings.summary());
    }

    @Test
    void a_variables_list_has_commas_or_line_breaks_between_its_values() {
        assertEquals("/a b,/c,/d variable MOONGLASS_MODELS_MODEL", models("/a b, /c\n,/d,\n"));
        assertEquals(" default", models(" "));
    }

    @Test
    void a_blank_variable_sets_nothing() {
        assertEquals("8080 default", said(resolve(Map.of("MOONGLASS_SERVER_PORT", " ")), "--port"));
    }

    @ParameterizedTest
    @CsvSource({
        "MOONGLASS_PORT, tcp://10.0.0.1:80",
        "MOONGLASS_PORT_80_TCP, tcp://10.0.0.1:80",
        "MOONGLASS_PORT_80_TCP_ADDR, 10.0.0.1",
        "MOONGLASS_PORT_80_TCP_PORT, 80",
        "MOONGLASS_PORT_80_TCP_PROTO, tcp",
        "MOONGLASS_SERVICE_HOST, 10.0.0.1",
        "MOONGLASS_SERVICE_PORT, 80",
        "MOONGLASS_SERVICE_PORT_HTTP, 80",
        "MOONGLASS_DEMO_SERVICE_HOST, 10.0.0.1",
        "MOONGLASS_DEMO_OPS_PORT, tcp://10.0.0.1:9090",
        "MOONGLASS_DEMO_OPS_PORT_9090_TCP_ADDR, 10.0.0.1",
        "MOONGLASS_SERVER_PORT, tcp://10.0.0.1:80",
        "MOONGLASS_SERVER_SERVICE_PORT_OPS, 80",
        "MOONGLASS_CACHE, /c",
        "MOONGLASS_STATE, /s",
        "MOONGLASS_JAVA_HOME, /j",
        "MOONGLASS_JAVA_OPTIONS, -Xmx1g",
        "MOONGLASS_JDK_FOLDERS, /j",
        "MOONGLASS_LOG_LEVEL, fine",
        "MOONGLASS_API_KEY, k",
        "MOON, x"
    })
    void variables_of_kubernetes_and_of_others_are_passed_over(String name, String value) {
        assertEquals(resolve(Map.of()), resolve(Map.of(name, value)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    MOONGLASS_SERVER_PROT  | 1     | MOONGLASS_SERVER_PROT is no variable of moonglass; did you mean MOONGLASS_SERVER_PORT?
                    MOONGLASS_PORT         | 8080  | MOONGLASS_PORT is no variable of moonglass
                    MOONGLASS_SOMETHING    | 1     | MOONGLASS_SOMETHING is no variable of moonglass
                    MOONGLASS_MEDIA_OFFLINE| maybe | MOONGLASS_MEDIA_OFFLINE is "maybe"; want true or false
                    """)
    void other_variables_that_begin_like_ours_are_refused(String name, String value, String fault) {
        assertEquals(
                fault,
                assertThrows(ConfigException.class, () -> resolve(Map.of(name, value)))
                        .getMessage());
    }

    @Test
    void a_fault_that_names_a_flag_is_told_of_the_place_where_the_value_came_from()
            throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, "server:\n  port: 1\n");
        Settings settings =
                resolve(
                        Map.of("--media-folder", List.of("/x")),
                        Map.of("MOONGLASS_SERVER_BODY_TIMEOUT", "0"),
                        Optional.of(file));

        assertEquals(
                file + " line 2: server.port is 1; want 2",
                settings.inItsPlace("--port is 1; want 2"));
        assertEquals(
                "MOONGLASS_SERVER_BODY_TIMEOUT is 0.0",
                settings.inItsPlace("--body-timeout is 0.0"));
        assertEquals("--media-folder is bad", settings.inItsPlace("--media-folder is bad"));
        assertEquals("--max-image-bytes: 1", settings.inItsPlace("--max-image-bytes: 1"));
        assertEquals("something else", settings.inItsPlace("something else"));
    }

    private static String models(String variable) {
        return said(resolve(Map.of("MOONGLASS_MODELS_MODEL", variable)), "--model");
    }

    private static String said(Settings settings, String flag) {
        SettingValue value = settings.withFlag(flag).orElseThrow();
        return String.join(",", value.values()) + " " + value.source().label();
    }

    private static Settings resolve(Map<String, String> environment) {
        return resolve(Map.of(), environment, Optional.of(Path.of("/dev/null")));
    }

    private static Settings resolve(
            Map<String, List<String>> flags, Map<String, String> environment, Optional<Path> file) {
        return Settings.resolve(
                SmallCatalogue.SMALL, flags, file, environment, Path.of("/nowhere"));
    }
}
