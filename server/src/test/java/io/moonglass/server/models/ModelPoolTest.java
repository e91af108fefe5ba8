package io.moonglass.server.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ScriptedModel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ModelPoolTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final List<String> opened = Collections.synchronizedList(new ArrayList<>());
    private final List<ScriptedModel> models = Collections.synchronizedList(new ArrayList<>());
    private volatile CountDownLatch mayOpen = new CountDownLatch(0);
    private volatile RuntimeException fault;
    private Instant now = Instant.EPOCH;

    @Test
    void a_model_is_loaded_when_it_is_asked_for_and_the_first_where_none_is_named() {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.empty());
        assertEquals(
                Map.of(
                        "a", ModelState.UNLOADED,
                        "b", ModelState.UNLOADED,
                        "c", ModelState.UNLOADED),
                states(pool));

        try (ModelPool.Lease first = pool.lease(Optional.empty(), SOON);
                ModelPool.Lease again = pool.lease(Optional.of("a"), SOON);
                ModelPool.Lease other = pool.lease(Optional.of("b"), SOON)) {
            assertSame(first.model(), again.model());
            assertNotSame(first.model(), other.model());
        }

        assertEquals(List.of("a", "b"), opened);
        assertEquals(ModelState.LOADED, states(pool).get("a"));
        assertEquals(4096, pool.status("a").contextLength().orElseThrow());
    }

    @Test
    void many_requests_for_one_model_load_it_once() throws Exception {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.empty());
        mayOpen = new CountDownLatch(1);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<ModelPool.Lease>> leases = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                leases.add(callers.submit(() -> pool.lease(Optional.of("b"), SOON)));
            }
            while (states(pool).get("b") != ModelState.LOADING) {
                Thread.onSpinWait();
            }
            mayOpen.countDown();
            for (Future<ModelPool.Lease> lease : leases) {
                lease.get().close();
            }
        }
        assertEquals(List.of("b"), opened);
    }

    @Test
    void the_one_that_was_not_used_for_longest_makes_room() {
        ModelPool pool = pool(20, Optional.empty());
        use(pool, "a");
        use(pool, "b");
        use(pool, "a");

        use(pool, "c");

        assertEquals(
                Map.of(
                        "a", ModelState.LOADED,
                        "b", ModelState.UNLOADED,
                        "c", ModelState.LOADED),
                states(pool));
        assertTrue(models.get(1).isClosed());
        assertFalse(models.get(0).isClosed());
    }

    @Test
    void a_model_in_use_never_makes_room() {
        ModelPool pool = pool(20, Optional.empty());
        ModelPool.Lease a = pool.lease(Optional.of("a"), SOON);
        ModelPool.Lease b = pool.lease(Optional.of("b"), SOON);

        ModelUnavailableException e =
                assertThrows(ModelUnavailableException.class, () -> use(pool, "c"));
        assertEquals(ModelUnavailableException.Reason.NO_MEMORY, e.reason());
        assertFalse(pool.unload("a"));

        a.close();
        a.close(); // counts once
        use(pool, "c");
        assertEquals(ModelState.UNLOADED, states(pool).get("a"));
        assertEquals(ModelState.LOADED, states(pool).get("b"));
        b.close();
    }

    @Test
    void alone_a_model_may_be_larger_than_the_memory_for_all() {
        ModelPool pool = pool(5, Optional.empty());

        use(pool, "a");
        use(pool, "b");

        assertEquals(ModelState.UNLOADED, states(pool).get("a"));
        assertEquals(ModelState.LOADED, states(pool).get("b"));
    }

    @Test
    void what_nobody_uses_goes_to_sleep_and_wakes_when_it_is_asked_for() {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.of(Duration.ofMinutes(1)));
        use(pool, "a");
        ModelPool.Lease b = pool.lease(Optional.of("b"), SOON);

        now = now.plusSeconds(59);
        pool.unloadIdle();
        assertEquals(ModelState.LOADED, states(pool).get("a"));
        now = now.plusSeconds(2);
        pool.unloadIdle();

        assertEquals(ModelState.UNLOADED, states(pool).get("a"));
        assertEquals(ModelState.LOADED, states(pool).get("b"), "it is in use");
        assertTrue(models.getFirst().isClosed());
        assertEquals(1, pool.statistics().size());
        b.close();
        use(pool, "a");
        assertEquals(List.of("a", "b", "a"), opened);
    }

    @Test
    void a_model_that_cannot_be_loaded_is_tried_again_by_the_next_request() {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.empty());
        fault = new IllegalStateException("secret path");

        ModelUnavailableException e =
                assertThrows(ModelUnavailableException.class, () -> use(pool, "a"));

        assertEquals(ModelUnavailableException.Reason.LOADING_FAILED, e.reason());
        assertFalse(e.getMessage().contains("secret"));
        fault = null;
        use(pool, "a");
        assertEquals(ModelState.LOADED, states(pool).get("a"));
    }

    @Test
    void no_model_is_loaded_before_one_that_is_unloaded_has_given_its_memory_back()
            throws Exception {
        ModelPool pool = pool(10, Optional.empty());
        use(pool, "a");
        CountDownLatch mayClose = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        models.getFirst().beforeClose =
                () -> {
                    closing.countDown();
                    await(mayClose);
                };
        Thread unloading = Thread.startVirtualThread(() -> pool.unload("a"));
        closing.await();

        ModelUnavailableException fault =
                assertThrows(
                        ModelUnavailableException.class,
                        () -> pool.lease(Optional.of("b"), Duration.ofMillis(200)));

        assertEquals(ModelUnavailableException.Reason.LOADING, fault.reason());
        assertEquals(List.of("a"), opened);
        mayClose.countDown();
        unloading.join();
        use(pool, "b");
        assertEquals(List.of("a", "b"), opened);
    }

    @Test
    void a_model_that_cannot_be_closed_makes_room_all_the_same() {
        ModelPool pool = pool(10, Optional.empty());
        use(pool, "a");
        models.getFirst().beforeClose =
                () -> {
                    throw new IllegalStateException("no");
                };

        use(pool, "b");

        assertEquals(ModelState.LOADED, pool.status("b").state());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_request_waits_no_longer_than_it_may() {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.empty());
        mayOpen = new CountDownLatch(1);

        ModelUnavailableException e =
                assertThrows(
                        ModelUnavailableException.class,
                        () -> pool.lease(Optional.of("a"), Duration.ofMillis(20)));

        assertEquals(ModelUnavailableException.Reason.LOADING, e.reason());
        mayOpen.countDown();
        use(pool, "a");
        assertEquals(List.of("a"), opened);
    }

    @Test
    void an_unknown_model_is_refused_with_the_names_there_are() {
        UnknownModelException e =
                assertThrows(
                        UnknownModelException.class,
                        () -> use(pool(Long.MAX_VALUE, Optional.empty()), "x"));

        assertEquals("x", e.wanted());
        assertEquals(List.of("a", "b", "c"), e.served());
    }

    @Test
    void time_goes_on_evenly_whatever_the_machine_clock_does() {
        AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it may be any number
        SteadyClock clock = new SteadyClock(Instant.EPOCH, nanos::get);

        nanos.addAndGet(Duration.ofHours(1).toNanos());

        assertEquals(Instant.EPOCH.plus(Duration.ofHours(1)), clock.instant());
    }

    @Test
    void two_models_of_one_name_are_refused() {
        ModelSource source = new ModelSource("a", 1, ScriptedModel::new);

        assertThrows(
                ConfigException.class,
                () -> new ModelPool(List.of(source, source), PoolOptions.UNLIMITED, () -> now));
    }

    @Test
    void a_closed_pool_closes_its_models_and_lends_none() {
        ModelPool pool = pool(Long.MAX_VALUE, Optional.empty());
        use(pool, "a");

        pool.close();

        assertTrue(models.getFirst().isClosed());
        assertEquals(
                ModelUnavailableException.Reason.CLOSED,
                assertThrows(ModelUnavailableException.class, () -> use(pool, "a")).reason());
    }

    @Test
    void a_model_that_is_somebody_elses_is_never_closed() {
        ScriptedModel model = new ScriptedModel();
        ModelPool pool = ModelPool.of(model);

        use(pool, "tiny/model");
        assertFalse(pool.unload("tiny/model"));
        pool.close();

        assertFalse(model.isClosed());
    }

    private ModelPool pool(long maxBytes, Optional<Duration> idle) {
        Function<String, ModelSource> source = name -> new ModelSource(name, 10, () -> open(name));
        return new ModelPool(
                List.of(source.apply("a"), source.apply("b"), source.apply("c")),
                new PoolOptions(maxBytes, idle),
                () -> now);
    }

    private ScriptedModel open(String name) {
        try {
            mayOpen.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (fault != null) {
            throw fault;
        }
        opened.add(name);
        ScriptedModel model = new ScriptedModel();
        models.add(model);
        return model;
    }

    /// A second passes, and then a request comes and goes.
    private void use(ModelPool pool, String name) {
        now = now.plusSeconds(1);
        pool.lease(Optional.of(name), SOON).close();
    }

    private static Map<String, ModelState> states(ModelPool pool) {
        return pool.status().stream()
                .collect(Collectors.toMap(ModelStatus::name, ModelStatus::state));
    }
}
