package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

class EngineTest {

    private static final int[] PROMPT = TinyEngine.randomPrompt(12, 1);

    @Test
    void greedy_generation_continues_a_recorded_prompt_as_recorded() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            List<Integer> tokenIds = tiny.generate(TinyEngine.goldenIds("text", "input_ids"), 16);

            assertEquals(asList(TinyEngine.goldenIds("text", "new_ids")), tokenIds);
        }
    }

    @Test
    void many_at_once_get_the_tokens_they_get_alone() throws InterruptedException {
        EngineOptions options = new EngineOptions(4096, 200, 64, 16);
        List<GenerationRequest> requests = requests(12);
        List<List<Integer>> alone = new ArrayList<>();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            for (GenerationRequest request : requests) {
                RecordingSink sink = new RecordingSink();
                tiny.engine().submit(withSink(request, sink));
                assertEquals(FinishReason.LENGTH, sink.reason());
                alone.add(sink.tokenIds());
            }
        }
        StepGate gate = new StepGate();
        try (TinyEngine tiny = new TinyEngine(options, 2, gate);
                gate) {
            List<RecordingSink> sinks = new ArrayList<>();
            for (GenerationRequest request : requests) {
                sinks.add(new RecordingSink());
                tiny.engine().submit(withSink(request, sinks.getLast()));
            }
            gate.awaitStep();
            gate.close();
            for (int i = 0; i < sinks.size(); i++) {
                assertEquals(FinishReason.LENGTH, sinks.get(i).reason());
                assertEquals(alone.get(i), sinks.get(i).tokenIds(), "request " + i);
            }
            assertTrue(gate.mostChoicesInAStep() >= 8, "they did not run together");
            assertTrue(gate.stepSizes().stream().allMatch(size -> size <= 64));
        }
    }

    @Test
    void a_generation_ends_with_its_stop_token_which_is_passed_too() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            List<Integer> all = tiny.generate(PROMPT, 10);
            int stop = all.get(4);
            RecordingSink sink = new RecordingSink();
            tiny.engine().submit(TinyEngine.request(PROMPT, 10, Set.of(stop, 1_000), sink));

            assertEquals(FinishReason.STOP, sink.reason());
            assertEquals(all.subList(0, all.indexOf(stop) + 1), sink.tokenIds());
        }
    }

    @Test
    void a_generation_ends_after_the_tokens_it_may_have() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            List<Integer> all = tiny.generate(PROMPT, 10);
            for (int maxTokens : new int[] {1, 2, 7}) {
                RecordingSink sink = new RecordingSink();
                tiny.submit(PROMPT, maxTokens, sink);

                assertEquals(FinishReason.LENGTH, sink.reason());
                assertEquals(all.subList(0, maxTokens), sink.tokenIds());
            }
        }
    }

    @Test
    void a_last_token_that_is_a_stop_token_ends_with_stop() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            RecordingSink sink = new RecordingSink();
            int stop = tiny.generate(PROMPT, 1).getFirst();
            tiny.engine().submit(TinyEngine.request(PROMPT, 1, Set.of(stop), sink));

            assertEquals(FinishReason.STOP, sink.reason());
        }
    }

    @Test
    void a_sink_that_has_heard_enough_ends_its_generation() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            RecordingSink sink = new RecordingSink(count -> count < 3);
            tiny.submit(PROMPT, 10, sink);

            assertEquals(FinishReason.STOP, sink.reason());
            assertEquals(3, sink.tokenIds().size());
        }
    }

    @Test
    void a_sink_that_throws_on_a_token_fails_alone() throws InterruptedException {
        IllegalArgumentException fault = new IllegalArgumentException("a sink's own");
        RecordingSink failing = failingWith(fault);

        assertOthersGoOn(failing);
        assertSame(fault, failing.fault());
        assertEquals(2, failing.tokenIds().size());
    }

    @Test
    void a_sink_that_throws_an_error_fails_alone_too() throws InterruptedException {
        AssertionError fault = new AssertionError("a sink's own");
        RecordingSink failing =
                new RecordingSink(_ -> {
                    throw fault;
                });

        assertOthersGoOn(failing);
        assertInstanceOf(IllegalStateException.class, failing.fault());
        assertSame(fault, failing.fault().getCause());
    }

    @Test
    void a_sink_that_throws_at_the_end_harms_nobody() throws InterruptedException {
        for (Throwable fault : List.of(new IllegalStateException(), new StackOverflowError())) {
            AtomicBoolean told = new AtomicBoolean();
            RecordingSink failing =
                    new RecordingSink(_ -> false) {
                        @Override
                        public void finished(FinishReason reason) {
                            super.finished(reason);
                            told.set(true);
                            EngineTest.<RuntimeException>sneak(fault);
                        }
                    };

            assertOthersGoOn(failing);
            assertTrue(told.get());
        }
    }

    @Test
    void a_step_that_fails_ends_its_own_sequences_and_no_others() throws InterruptedException {
        IllegalStateException fault = new IllegalStateException("a broken layer");
        AtomicBoolean broken = new AtomicBoolean(true);
        StepGate gate = new StepGate();
        DecoderObserver observer =
                new DecoderObserver() {
                    @Override
                    public void hidden(int index, FloatMatrix hidden) {
                        gate.hidden(index, hidden);
                    }

                    @Override
                    public void attention(int layer, FloatMatrix added) {
                        if (broken.getAndSet(false)) {
                            throw fault;
                        }
                    }
                };
        EngineOptions oneAtATime = new EngineOptions(4096, 8, 64, 1);
        try (TinyEngine tiny = new TinyEngine(oneAtATime, 1, observer);
                gate) {
            RecordingSink first = new RecordingSink();
            RecordingSink second = new RecordingSink();
            tiny.submit(PROMPT, 5, first);
            gate.awaitStep();
            tiny.submit(PROMPT, 5, second);
            gate.close();

            assertSame(fault, first.fault());
            assertEquals(FinishReason.LENGTH, second.reason());
            assertTakesTheWholeCache(tiny);
        }
    }

    @Test
    void a_cache_that_gets_no_memory_fails_requests_and_not_the_engine() {
        TextConfig impossible = SmallCache.config(1 << 26, 1 << 29, 2); // blocks of 2^62 bytes
        DecoderWeights weights =
                new DecoderWeights(impossible, null, List.of(), new float[0], null);
        try (ThreadTeam team = new ThreadTeam(1);
                Engine engine =
                        new Engine(
                                weights,
                                new EngineOptions(100, 4, 16, 2),
                                team,
                                DecoderObserver.NONE)) {
            for (int i = 0; i < 2; i++) {
                RecordingSink sink = new RecordingSink();
                engine.submit(TinyEngine.request(new int[] {1, 2}, 3, sink));

                assertInstanceOf(OutOfMemoryError.class, sink.fault().getCause());
            }
        }
    }

    @Test
    void closing_cancels_what_runs_and_what_waits() throws InterruptedException {
        RecordingSink running = new RecordingSink();
        RecordingSink waiting = new RecordingSink();
        StepGate gate = new StepGate();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 8, 64, 1), 1, gate);
                gate) {
            tiny.submit(PROMPT, 240, running);
            gate.awaitStep();
            tiny.submit(PROMPT, 240, waiting);
            gate.letOneStepGo();
            gate.awaitStep(); // waiting has been read
            Thread closer = Thread.ofPlatform().start(() -> tiny.engine().close());
            gate.close();
            closer.join();

            for (RecordingSink sink : List.of(running, waiting)) {
                assertEquals(FinishReason.CANCELLED, sink.reason());
                assertEquals(1, sink.numEndings());
            }
            assertEquals(8, tiny.engine().cache().numFree());
        }
    }

    @Test
    void a_closed_engine_takes_nothing_more_and_closing_it_again_does_nothing() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            RecordingSink sink = new RecordingSink();
            Engine.Ticket ticket = tiny.submit(PROMPT, 5, sink);
            sink.reason();
            tiny.engine().close();
            tiny.engine().close();
            ticket.cancel();

            IllegalStateException fault =
                    assertThrows(
                            IllegalStateException.class,
                            () -> tiny.submit(PROMPT, 5, new RecordingSink()));
            assertEquals("the engine is closed", fault.getMessage());
        }
    }

    @Test
    void a_sink_that_closes_the_engine_is_refused_instead_of_waiting_for_itself() {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            RecordingSink sink =
                    new RecordingSink(_ -> {
                        tiny.engine().close();
                        return true;
                    });
            tiny.submit(PROMPT, 5, sink);

            assertTrue(sink.fault().getMessage().contains("must not close the engine"));
            assertEquals(5, tiny.generate(PROMPT, 5).size());
        }
    }

    @Test
    void an_interrupt_neither_ends_the_engine_nor_stops_who_waits_for_it() {
        TinyEngine tiny = new TinyEngine(TinyEngine.LARGE);
        RecordingSink sink =
                new RecordingSink(_ -> {
                    Thread.currentThread().interrupt();
                    return true;
                });
        tiny.submit(PROMPT, 3, sink);
        assertEquals(FinishReason.LENGTH, sink.reason());
        assertEquals(3, tiny.generate(PROMPT, 3).size());

        Thread.currentThread().interrupt();
        tiny.close();
        assertTrue(Thread.interrupted(), "close() swallowed the interrupt");
    }

    /// Twelve or so: lengths on both sides of a block, some greedy, some drawn.
    private static List<GenerationRequest> requests(int count) {
        int[] lengths = {1, 5, 31, 32, 33, 63, 64, 65, 90, 2, 100, 17};
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SamplingParameters sampling =
                    i % 3 == 0
                            ? SamplingParameters.GREEDY
                            : SamplingParameters.GREEDY
                                    .withTemperature(1)
                                    .withRepetitionPenalty(1.2)
                                    .withSeed(i);
            requests.add(
                    new GenerationRequest(
                            TinyEngine.randomPrompt(lengths[i], i),
                            TinyEngine.IMAGE_TOKEN_ID,
                            Optional.empty(),
                            sampling,
                            10 + i,
                            Set.of(),
                            new RecordingSink()));
        }
        return requests;
    }

    private static GenerationRequest withSink(GenerationRequest request, TokenSink sink) {
        SamplingParameters sampling = request.branches().getFirst().sampling();
        return new GenerationRequest(
                request.tokenIds(),
                request.imageTokenId(),
                request.images(),
                request.maxTokens(),
                request.stopTokenIds(),
                request.scope(),
                List.of(new Branch(sampling, sink)));
    }

    /// Runs a failing sink in the same steps as two good ones, and a good one after it.
    private static void assertOthersGoOn(RecordingSink failing) throws InterruptedException {
        RecordingSink before = new RecordingSink();
        RecordingSink after = new RecordingSink();
        StepGate gate = new StepGate();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 8, 64, 4), 1, gate);
                gate) {
            tiny.submit(PROMPT, 1, new RecordingSink());
            gate.awaitStep();
            tiny.submit(PROMPT, 1, before); // ends in the very step in which the other one fails
            tiny.submit(PROMPT, 5, failing);
            tiny.submit(PROMPT, 5, after);
            gate.close();

            assertEquals(FinishReason.LENGTH, before.reason());
            assertEquals(FinishReason.LENGTH, after.reason());
            assertEquals(5, after.tokenIds().size());
            assertTakesTheWholeCache(tiny);
        }
        for (RecordingSink sink : List.of(before, failing, after)) {
            assertEquals(1, sink.numEndings());
        }
    }

    /// A request of the whole context runs only if no block was lost.
    private static void assertTakesTheWholeCache(TinyEngine tiny) {
        int contextLength = tiny.engine().contextLength();
        int[] prompt = TinyEngine.randomPrompt(contextLength - 2, 3);

        assertFalse(tiny.generate(prompt, 2).isEmpty());
    }

    private static RecordingSink failingWith(RuntimeException fault) {
        IntPredicate failsOnTheSecond =
                count -> {
                    if (count == 2) {
                        throw fault;
                    }
                    return true;
                };
        return new RecordingSink(failsOnTheSecond);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable fault) throws T {
        throw (T) fault;
    }

    private static List<Integer> asList(int[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
