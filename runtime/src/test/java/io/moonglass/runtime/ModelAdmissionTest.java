package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.runtime.admission.QueueStatistics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What a model takes into its queue, and when it gives it back.
class ModelAdmissionTest {

    private static LocalChatModel model;

    @BeforeAll
    static void load() {
        model =
                LocalChatModel.load(
                        TestModels.tinyRandom(),
                        ChatModelOptions.DEFAULT.withQueueLimits(
                                QueueLimits.DEFAULT.withMaxTokens(200).withMaxPixels(1_000_000)));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /// An engine that stands still in its first event of a generation, until it is closed.
    private static final class HeldEngine implements AutoCloseable {

        private final CountDownLatch held = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private final Answer answer = new Answer();

        HeldEngine() throws InterruptedException {
            model.generate(question(1).withMaxTokens(4), this::hold);
            held.await();
        }

        private void hold(GenerationEvent event) {
            if (event instanceof GenerationEvent.PromptMeasured) {
                return; // told before the engine has it
            }
            held.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            answer.accept(event);
        }

        @Override
        public void close() throws Exception {
            goOn.countDown();
            answer.finished();
        }
    }

    @Test
    void what_waits_is_counted_refuses_others_and_drains() throws Exception {
        Answer one = new Answer();
        Answer other = new Answer();
        long queued;
        try (HeldEngine _ = new HeldEngine()) {
            assertEquals(0, queuedTokens(), "its prompt is computed");

            model.generate(question(150).withMaxTokens(1), List.of(one, other), () -> false);

            queued = queuedTokens();
            assertTrue(queued > 150 && queued < 200, queued + " tokens, once for both answers");
            OverloadedException refusal =
                    assertThrows(
                            OverloadedException.class,
                            () -> model.generate(question(150).withMaxTokens(1), _ -> {}));
            assertTrue(refusal.getMessage().contains("the limit is 200"), refusal.getMessage());
            assertTrue(refusal.retryAfter().isPositive());
        }
        assertEquals(queued, one.finished().usage().promptTokens());
        assertEquals(FinishReason.LENGTH, other.finished().reason());
        assertEquals(0, queuedTokens());
        Answer.to(model, question(150).withMaxTokens(1)).finished();
    }

    @Test
    void a_request_that_is_cancelled_while_it_waits_leaves_nothing_in_the_queue() throws Exception {
        Answer waiting = new Answer();
        try (HeldEngine _ = new HeldEngine()) {
            model.generate(question(150).withMaxTokens(1), waiting).cancel();
            assertTrue(queuedTokens() > 0);
        }

        assertEquals(FinishReason.CANCELLED, waiting.finished().reason());
        assertEquals(0, queuedTokens());
    }

    @Test
    void what_can_never_fit_is_the_callers_fault_even_when_the_queue_is_full() throws Exception {
        Answer waiting = new Answer();
        try (HeldEngine _ = new HeldEngine()) {
            model.generate(question(150).withMaxTokens(1), waiting);

            assertThrows(
                    InvalidRequestException.class,
                    () ->
                            model.generate(
                                    question(150).withMaxTokens(model.contextLength()), _ -> {}));
        }
        waiting.finished();
    }

    @Test
    void a_request_that_is_given_up_leaves_nothing_in_the_queue() throws Exception {
        ChatRequest withPicture = GoldenRequests.of(GoldenPrompt.named("image"));
        List<Long> queuedPixels = new ArrayList<>();

        assertThrows(
                CancellationException.class,
                () ->
                        model.generate(
                                withPicture,
                                List.of(_ -> {}),
                                () -> {
                                    queuedPixels.add(model.statistics().queue().pixels());
                                    return queuedPixels.getLast() > 0;
                                }));

        assertTrue(queuedPixels.getLast() > 0, "pixels are known before one is encoded");
        assertEquals(0, model.statistics().queue().pixels());
        assertEquals(0, model.statistics().queue().tokens());
    }

    @Test
    void pictures_leave_the_queue_when_they_are_encoded_and_the_prompt_when_it_is_computed()
            throws Exception {
        Answer answer = new Answer();
        List<QueueStatistics> atEvents = Collections.synchronizedList(new ArrayList<>());

        model.generate(
                GoldenRequests.of(GoldenPrompt.named("two_images")),
                event -> {
                    if (!(event instanceof GenerationEvent.PicturesPrepared)
                            && !(event instanceof GenerationEvent.PromptMeasured)) {
                        atEvents.add(model.statistics().queue());
                    }
                    answer.accept(event);
                });

        answer.finished();
        assertEquals(0, atEvents.getFirst().pixels());
        assertEquals(0, atEvents.getFirst().tokens());
    }

    /// A question of about so many tokens.
    private static ChatRequest question(int numTokens) {
        return ChatRequest.of(
                List.of(Message.text(Role.USER, "a ".repeat(numTokens))),
                SamplingParameters.GREEDY);
    }

    private static long queuedTokens() {
        return model.statistics().queue().tokens();
    }
}
