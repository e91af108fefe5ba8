package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class RequestContextTest {

    private static final RequestContext MINE =
            new RequestContext("mine", Optional.empty(), Optional.empty());

    @Test
    void a_thread_is_in_a_context_for_as_long_as_it_works_for_the_request() {
        List<Optional<RequestContext>> seen = new ArrayList<>();

        seen.add(RequestContext.current());
        MINE.run(() -> seen.add(RequestContext.current()));
        seen.add(RequestContext.current());

        assertEquals(List.of(Optional.empty(), Optional.of(MINE), Optional.empty()), seen);
    }

    @Test
    void another_thread_is_in_it_where_it_is_carried_there() throws InterruptedException {
        List<Optional<RequestContext>> seen = new CopyOnWriteArrayList<>();
        Runnable look = () -> seen.add(RequestContext.current());
        List<Thread> threads = new ArrayList<>();

        MINE.run(() -> {
            threads.add(Thread.ofVirtual().start(look));
            threads.add(Thread.ofVirtual().unstarted(RequestContext.carriedBy(look)));
        });
        threads.getFirst().join();
        threads.getLast().start();
        threads.getLast().join();

        assertEquals(List.of(Optional.empty(), Optional.of(MINE)), seen);
    }

    @Test
    void what_the_engine_logs_of_one_generation_is_in_its_requests() throws InterruptedException {
        List<Optional<RequestContext>> seen = new CopyOnWriteArrayList<>();
        Handler handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord entry) {
                        seen.add(RequestContext.current());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger(StepRunner.class.getName());
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        RecordingSink failing =
                new RecordingSink(_ -> {
                    throw new IllegalStateException("a sink's own");
                });
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            MINE.run(() -> tiny.submit(TinyEngine.randomPrompt(12, 1), 4, failing));
            failing.fault();
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        assertEquals(List.of(Optional.of(MINE)), seen);
    }
}
