package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogLevelTest {

    private final Logger ours = Logger.getLogger("io.moonglass");
    private final Level before = ours.getLevel();

    @AfterEach
    void restore() {
        ours.setLevel(before);
    }

    @Test
    void it_is_changed_while_the_program_runs_for_its_own_loggers_alone() {
        LogLevel.set("debug");

        assertEquals(LogLevel.DEBUG, LogLevel.get());
        assertTrue(Logger.getLogger("io.moonglass.server.x").isLoggable(Level.FINE));
        assertFalse(Logger.getLogger("org.other.x").isLoggable(Level.FINE));

        LogLevel.set(" Error ");

        assertEquals(LogLevel.ERROR, LogLevel.get());
        assertFalse(Logger.getLogger("io.moonglass.server.x").isLoggable(Level.WARNING));
    }

    @Test
    void javas_names_are_understood() {
        assertEquals(Optional.of(LogLevel.ERROR), LogLevel.named("SEVERE"));
        assertEquals(Optional.of(LogLevel.DEBUG), LogLevel.named("fine"));
        assertEquals(Optional.of(LogLevel.TRACE), LogLevel.named("FINEST"));
        assertEquals(Optional.empty(), LogLevel.named("loud"));
    }

    @Test
    void what_is_no_level_is_refused_with_those_that_are() {
        LogLevel.set(LogLevel.WARNING);

        InvalidRequestException fault =
                assertThrows(InvalidRequestException.class, () -> LogLevel.set("loud\n"));

        assertEquals("level", fault.param());
        assertTrue(
                fault.getMessage().contains("error, warning, info, debug, trace"),
                fault.getMessage());
        assertEquals(LogLevel.WARNING, LogLevel.get());
    }
}
