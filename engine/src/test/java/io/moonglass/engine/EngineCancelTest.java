package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.tensor.FloatMatrix;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineCancelTest {

    private static final int[] PROMPT = TinyEngine.randomPrompt(40, 1);

    /// A cache of 128 tokens and steps of 16, so that the prompt takes three.
    private final StepGate gate = new StepGate();

    private TinyEngine tiny;

    @BeforeEach
    void start() {
        tiny = new TinyEngine(new EngineOptions(4096, 4, 16, 4), 1, gate);
    }

    @AfterEach
    void stop() {
        gate.close();
        tiny.close();
    }

    @Test
    void before_it_starts() throws InterruptedException {
        RecordingSink running = new RecordingSink();
        RecordingSink cancelled = new RecordingSink();
        tiny.submit(PROMPT, 2, running);
        gate.awaitStep();
        tiny.submit(PROMPT, 5, cancelled).cancel();
        gate.close();
        running.reason();

        assertCancelled(cancelled, 0);
        assertEquals(List.of(16, 16, 8, 1), gate.stepSizes().subList(0, 4)); // only the other's
    }

    @Test
    void while_it_waits_for_room_in_the_cache() throws InterruptedException {
        RecordingSink running = new RecordingSink();
        RecordingSink cancelled = new RecordingSink();
        tiny.submit(PROMPT, 60, running);
        Engine.Ticket ticket = tiny.submit(TinyEngine.randomPrompt(70, 2), 50, cancelled);
        for (int i = 0; i < 6; i++) {
            gate.awaitStep();
            gate.letOneStepGo();
        }
        ticket.cancel();
        gate.close();
        running.reason();

        assertCancelled(cancelled, 0);
    }

    @Test
    void in_the_middle_of_its_prompt() throws InterruptedException {
        RecordingSink cancelled = new RecordingSink();
        Engine.Ticket ticket = tiny.submit(PROMPT, 5, cancelled);
        gate.awaitStep();
        gate.letOneStepGo();
        gate.awaitStep();
        ticket.cancel();
        gate.close();

        assertCancelled(cancelled, 0);
        assertEquals(List.of(16, 16), gate.stepSizes().subList(0, 2));
    }

    @Test
    void between_two_layers_of_a_pass() throws InterruptedException {
        tiny.close();
        CompletableFuture<Engine.Ticket> ticket = new CompletableFuture<>();
        AtomicInteger numLayers = new AtomicInteger();
        DecoderObserver cancelling =
                new DecoderObserver() {
                    @Override
                    public void hidden(int index, FloatMatrix hidden) {
                        if (index == 1 && hidden.numRows() == 40) {
                            ticket.join().cancel();
                        }
                        numLayers.accumulateAndGet(index, Math::max);
                    }
                };
        RecordingSink cancelled = new RecordingSink();
        tiny = new TinyEngine(new EngineOptions(4096, 4, 64, 4), 1, cancelling);
        ticket.complete(tiny.submit(PROMPT, 5, cancelled));

        assertEquals(FinishReason.CANCELLED, cancelled.reason());
        assertEquals(1, numLayers.get(), "layers that were computed for nobody");
        assertEquals(1, tiny.engine().statistics().cancelledPrefilling());
        tiny.engine().close();
        assertEquals(4, tiny.engine().cache().numFree());
    }

    @Test
    void is_counted_by_what_it_interrupted() throws InterruptedException {
        Engine.Ticket running = tiny.submit(PROMPT, 60, new RecordingSink());
        gate.awaitStep();
        RecordingSink waiting = new RecordingSink();
        tiny.submit(TinyEngine.randomPrompt(70, 2), 50, waiting).cancel();
        gate.letOneStepGo();
        gate.awaitStep();
        assertEquals(FinishReason.CANCELLED, waiting.reason());
        running.cancel();
        gate.close();
        tiny.generate(PROMPT, 1);
        EngineStatistics statistics = tiny.engine().statistics();

        assertEquals(1, statistics.cancelledWaiting());
        assertEquals(1, statistics.cancelledPrefilling());
        assertEquals(0, statistics.cancelledDecoding());
    }

    @Test
    void while_it_decodes() {
        CompletableFuture<Engine.Ticket> ticket = new CompletableFuture<>();
        RecordingSink cancelled =
                new RecordingSink(count -> {
                    if (count == 3) {
                        ticket.join().cancel();
                    }
                    return true;
                });
        ticket.complete(tiny.submit(PROMPT, 50, cancelled));
        gate.close();

        assertCancelled(cancelled, 3);
    }

    @Test
    void of_a_sink_that_throws_then_harms_nobody() throws InterruptedException {
        RecordingSink throwing =
                new RecordingSink() {
                    @Override
                    public void finished(FinishReason reason) {
                        super.finished(reason);
                        throw new AssertionError("a sink's own");
                    }
                };
        Engine.Ticket ticket = tiny.submit(PROMPT, 5, throwing);
        gate.awaitStep();
        ticket.cancel();
        gate.close();

        assertCancelled(throwing, 0);
    }

    @Test
    void twice_is_as_good_as_once() throws InterruptedException {
        RecordingSink cancelled = new RecordingSink();
        Engine.Ticket ticket = tiny.submit(PROMPT, 5, cancelled);
        gate.awaitStep();
        ticket.cancel();
        ticket.cancel();
        gate.close();

        assertCancelled(cancelled, 0);
    }

    @Test
    void after_the_end_it_does_nothing() {
        gate.close();
        RecordingSink ended = new RecordingSink();
        Engine.Ticket ticket = tiny.submit(PROMPT, 2, ended);

        assertEquals(FinishReason.LENGTH, ended.reason());
        ticket.cancel();
        assertTheCacheIsWhole();
        assertEquals(1, ended.numEndings());
    }

    private void assertCancelled(RecordingSink sink, int numTokens) {
        assertEquals(FinishReason.CANCELLED, sink.reason());
        assertTheCacheIsWhole();
        assertEquals(numTokens, sink.tokenIds().size());
        assertEquals(1, sink.numEndings());
    }

    /// A prompt that needs every block is let in only when every block is free.
    private void assertTheCacheIsWhole() {
        assertEquals(1, tiny.generate(TinyEngine.randomPrompt(127, 3), 1).size());
        tiny.engine().close();
        assertEquals(4, tiny.engine().cache().numFree());
    }
}
