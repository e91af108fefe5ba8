package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.EngineMeasurements;
import io.moonglass.engine.EngineStatistics;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.media.MediaStatistics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineWatchTest {

    private final Logger logger = Logger.getLogger(EngineWatch.class.getName());
    private final List<Level> logged = new ArrayList<>();
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord entry) {
                    logged.add(entry.getLevel());
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    @Test
    void every_change_is_logged_once() {
        EngineWatch watch = new EngineWatch(Duration.ofSeconds(2));

        assertFalse(watch.isStuck(without(Duration.ofSeconds(2))));
        assertEquals(List.of(), logged);
        assertTrue(watch.isStuck(without(Duration.ofSeconds(3))));
        assertTrue(watch.isStuck(without(Duration.ofSeconds(4))));
        assertEquals(List.of(Level.SEVERE), logged);
        assertFalse(watch.isStuck(without(Duration.ZERO)));
        assertFalse(watch.isStuck(without(Duration.ZERO)));
        assertEquals(List.of(Level.SEVERE, Level.INFO), logged);
    }

    @Test
    void a_model_that_is_gone_is_not_stuck() {
        EngineWatch watch = new EngineWatch(Duration.ofSeconds(2));

        assertTrue(watch.isStuck(without(Duration.ofSeconds(3))));
        assertFalse(watch.isStuck(Map.of()));
    }

    private static Map<String, ModelStatistics> without(Duration progress) {
        EngineStatistics engine =
                new EngineStatistics(
                        1,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        8,
                        1,
                        0,
                        0,
                        progress,
                        EngineMeasurements.NONE);
        return Map.of(
                "a",
                new ModelStatistics(engine, MediaStatistics.NONE, new QueueStatistics(0, 0, 1, 1)));
    }
}
