package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.engine.EngineStatistics;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.runtime.media.MediaStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many requests with pictures, of which many are given up, in a cache that is too small for them.
class ManyRequestsTest {

    private static final int NUM_REQUESTS = 1_000;
    private static final int AT_ONCE = 24;

    private enum End {
        COMPLETE,
        CANCELLED,
        LEFT_BEFORE_IT_RAN,
        REFUSED
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatever_is_given_up_and_when_the_rest_is_right_and_nothing_is_left_behind()
            throws Exception {
        List<GoldenPrompt> prompts =
                Stream.of("text", "image", "video_4_frames", "multi_turn")
                        .map(GoldenPrompt::named)
                        .toList();
        ChatModelOptions options =
                ChatModelOptions.DEFAULT
                        .withNumThreads(2)
                        .withEngine(_ -> new EngineOptions(400, 9, 48, 6, CacheType.F32))
                        .withMedia(MediaOptions.DEFAULT.withCacheBytes(20_000))
                        .withQueueLimits(QueueLimits.DEFAULT.withMaxTokens(900));
        List<End> ends = new ArrayList<>();
        try (LocalChatModel model = LocalChatModel.load(TestModels.tinyRandom(), options);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Semaphore places = new Semaphore(AT_ONCE);
            List<Future<End>> requests = new ArrayList<>();
            for (int i = 0; i < NUM_REQUESTS; i++) {
                int seed = i;
                places.acquire();
                requests.add(
                        callers.submit(() -> {
                            try {
                                return ask(model, prompts.get(seed % prompts.size()), seed);
                            } finally {
                                places.release();
                            }
                        }));
            }
            for (Future<End> request : requests) {
                ends.add(request.get());
            }
            assertNothingIsLeft(model);
        }
        for (End end : End.values()) {
            assertTrue(ends.contains(end), "no request was " + end + ": the test shows too little");
        }
    }

    /// One request, perhaps for two answers, that is given up at a random time, or not at all.
    private static End ask(LocalChatModel model, GoldenPrompt prompt, int seed) throws Exception {
        Random random = new Random(seed);
        ChatRequest request =
                GoldenRequests.of(prompt)
                        .withScope(
                                new RequestScope(
                                        "tenant " + random.nextInt(3), "", random.nextInt(2)));
        List<Answer> answers = new ArrayList<>(List.of(new Answer()));
        if (random.nextInt(4) == 0) {
            answers.add(new Answer());
        }
        AtomicBoolean left = new AtomicBoolean();
        boolean leaves = random.nextInt(3) > 0;
        long patience = random.nextInt(1 << random.nextInt(9));
        Thread leaver =
                Thread.startVirtualThread(() -> {
                    sleep(patience);
                    left.set(leaves);
                });
        try {
            List<Consumer<GenerationEvent>> takers = List.copyOf(answers);
            Generation generation = model.generate(request, takers, left::get);
            leaver.join();
            if (leaves) {
                generation.cancel();
            }
        } catch (CancellationException e) {
            return End.LEFT_BEFORE_IT_RAN;
        } catch (OverloadedException e) {
            assertTrue(e.retryAfter().isPositive());
            return End.REFUSED;
        }
        End end = End.COMPLETE;
        for (Answer answer : answers) {
            GenerationEvent.Finished finished = answer.finished();
            if (finished.reason() == FinishReason.CANCELLED) {
                end = End.CANCELLED;
            }
            List<Integer> ids = finished.tokenIds();
            assertEquals(prompt.newIds().subList(0, ids.size()), ids);
        }
        return end;
    }

    private static void assertNothingIsLeft(LocalChatModel model) throws Exception {
        Answer last = Answer.to(model, GoldenRequests.of(GoldenPrompt.named("text")));
        last.finished(); // whatever was cancelled before it is off the engine now
        ModelStatistics statistics = settled(model);
        EngineStatistics engine = statistics.engine();
        MediaStatistics media = statistics.media();
        QueueStatistics queue = statistics.queue();

        assertEquals(0, engine.numBlocksInUse(), "blocks in use");
        assertEquals(0, engine.numRunning() + engine.numWaiting());
        assertEquals(0, engine.failedSteps());
        assertEquals(0, queue.tokens() + queue.pixels(), "queued");
        assertTrue(media.cacheBytes() <= 20_000, "rows that nobody uses beyond the bound");
        assertTrue(engine.preemptions() > 0, "nobody gave way");
        assertTrue(engine.cachedPromptTokens() > 0);
        assertTrue(engine.cancelledWaiting() > 0 && engine.cancelledDecoding() > 0);
    }

    /// The engine says how it stands after a step, which may be a moment after its callers know.
    private static ModelStatistics settled(LocalChatModel model) {
        for (int i = 0; i < 1_000 && model.statistics().engine().numRunning() > 0; i++) {
            sleep(10);
        }
        return model.statistics();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
