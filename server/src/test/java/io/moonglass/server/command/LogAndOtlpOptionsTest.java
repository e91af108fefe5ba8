package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.observe.TraceOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class LogAndOtlpOptionsTest {

    @Test
    void without_any_nothing_is_traced_and_no_prompt_is_logged() {
        assertEquals(
                ServerOptions.DEFAULT,
                otlp().in(CommandLine.populateCommand(new LogOptions()).in(ServerOptions.DEFAULT)));
    }

    @Test
    void prompts_are_logged_where_that_is_asked_for() {
        LogOptions options = CommandLine.populateCommand(new LogOptions(), "--log-prompts");

        assertTrue(options.in(ServerOptions.DEFAULT).logPrompts());
    }

    @Test
    void a_level_or_format_that_there_is_not_is_refused_with_those_that_are() {
        assertRefused("error, warning, info, debug, trace", "--log-level=loud");
        assertRefused("text or json", "--log-format=xml");
    }

    private static void assertRefused(String wanted, String argument) {
        ParameterException fault =
                assertThrows(
                        ParameterException.class,
                        () -> CommandLine.populateCommand(new LogOptions(), argument));
        assertTrue(fault.getMessage().contains(wanted), fault.getMessage());
    }

    @Test
    void the_path_of_traces_is_added_where_it_is_missing() {
        TraceOptions traces =
                traces(
                        "--otlp-endpoint=http://collector:4318/",
                        "--otlp-headers-file=keys",
                        "--otlp-sample-ratio=0.25");

        assertEquals(URI.create("http://collector:4318/v1/traces"), traces.endpoint());
        assertEquals(Optional.of(Path.of("keys")), traces.headersFile());
        assertEquals(0.25, traces.sampleRatio());
        assertEquals(
                URI.create("https://[::1]/otlp/v1/traces"),
                traces("--otlp-endpoint=https://[::1]/otlp/v1/traces").endpoint());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--otlp-endpoint=collector:4318",
                "--otlp-endpoint=grpc://collector",
                "--otlp-endpoint=http://user:hunter2@collector",
                "--otlp-endpoint=http://collector?key=hunter2",
                "--otlp-headers-file=keys"
            })
    void what_is_no_collector_is_refused_without_a_secret_in_it(String argument) {
        ConfigException fault = assertThrows(ConfigException.class, () -> traces(argument));

        assertTrue(fault.getMessage().startsWith("--otlp-"), fault.getMessage());
        assertFalse(fault.getMessage().contains("hunter2"), fault.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "1.1", "NaN"})
    void a_ratio_is_from_0_to_1(String ratio) {
        ConfigException fault =
                assertThrows(
                        ConfigException.class,
                        () ->
                                traces(
                                        "--otlp-endpoint=http://collector",
                                        "--otlp-sample-ratio=" + ratio));

        assertTrue(fault.getMessage().contains("from 0 to 1"), fault.getMessage());
    }

    private static TraceOptions traces(String... arguments) {
        return otlp(arguments).in(ServerOptions.DEFAULT).traces().orElseThrow();
    }

    private static OtlpOptions otlp(String... arguments) {
        return CommandLine.populateCommand(new OtlpOptions(), arguments);
    }
}
