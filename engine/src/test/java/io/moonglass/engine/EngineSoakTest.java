package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EngineSoakTest {

    private static final int NUM_REQUESTS = 30;

    private record Run(int prompt, int maxTokens, RecordingSink sink, Engine.Ticket ticket) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void after_any_mixture_of_requests_and_cancellations_all_is_told_once_and_nothing_is_lost(
            long seed) throws InterruptedException {
        Random random = new Random(seed);
        List<Run> runs = new ArrayList<>();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 5, 24, 6))) {
            for (int i = 0; i < NUM_REQUESTS; i++) {
                runs.add(submit(tiny, random));
                if (random.nextInt(3) == 0) {
                    runs.get(random.nextInt(runs.size())).ticket.cancel();
                }
                Thread.sleep(random.nextInt(4)); // only varies what meets what
            }
            Map<Integer, List<Integer>> longest = new HashMap<>();
            int numFinished = 0;
            for (Run run : runs) {
                FinishReason reason = run.sink.reason();
                numFinished += reason == FinishReason.LENGTH ? 1 : 0;
                assertTrue(reason != FinishReason.STOP);
                assertTrue(
                        run.sink.tokenIds().size() == run.maxTokens
                                || reason == FinishReason.CANCELLED);
                assertOneBeginsWithTheOther(
                        longest.computeIfAbsent(run.prompt, _ -> run.sink.tokenIds()),
                        run.sink.tokenIds());
            }
            assertTrue(numFinished > NUM_REQUESTS / 4, "too many were cancelled to show anything");
            tiny.engine().close();
            runs.forEach(run -> assertEquals(1, run.sink.numEndings()));
            assertEquals(5, tiny.engine().cache().numFree());
        }
    }

    /// One of ten prompts, so that the same one is often answered in other company.
    private static Run submit(TinyEngine tiny, Random random) {
        int prompt = random.nextInt(10);
        int maxTokens = 1 + random.nextInt(40);
        RecordingSink sink = new RecordingSink();
        int[] tokenIds = TinyEngine.randomPrompt(1 + 11 * prompt, prompt);
        return new Run(prompt, maxTokens, sink, tiny.submit(tokenIds, maxTokens, sink));
    }

    private static void assertOneBeginsWithTheOther(List<Integer> one, List<Integer> other) {
        int common = Math.min(one.size(), other.size());

        assertEquals(one.subList(0, common), other.subList(0, common));
    }
}
