package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A request has the same tokens whatever the engine does to be fast.
class SameAnswerTest {

    private static final int ANSWER = 48;

    /// Four conversations of two turns; the second begins with the first and its answer. Prompts repeat
    /// themselves, so that there is something to guess.
    private static List<int[]> turns(int conversation) {
        int[] words = TinyEngine.randomPrompt(40, 100 + conversation);
        int[] first = IntStream.range(0, 120).map(i -> words[i % words.length]).toArray();
        int[] second = Arrays.copyOf(first, 200);
        System.arraycopy(TinyEngine.randomPrompt(80, conversation), 0, second, 120, 80);
        return List.of(first, second);
    }

    private static List<List<Integer>> plain() {
        EngineOptions plain =
                new EngineOptions(4096, 200, 512, 1, CacheType.F32)
                        .withPrefixes(false)
                        .withSpeculation(false);
        return answers(plain, false);
    }

    @ParameterizedTest
    @CsvSource({
        // cache blocks, step tokens, running, prefixes, speculates
        "200, 512, 8, false, false",
        "200, 512, 1, true, false",
        "200, 512, 1, false, true",
        "200, 512, 8, true, true",
        "200, 1, 1, true, true",
        "200, 8, 8, true, true",
        "12, 64, 8, false, false",
        "12, 64, 8, true, true",
    })
    void whether_cached_batched_cut_preempted_or_guessed(
            int numBlocks, int stepTokens, int maxRunning, boolean prefixes, boolean speculates) {
        EngineOptions options =
                new EngineOptions(4096, numBlocks, stepTokens, maxRunning, CacheType.F32)
                        .withPrefixes(prefixes)
                        .withSpeculation(speculates);

        assertEquals(plain(), answers(options, maxRunning > 1));
    }

    @Test
    void when_steps_are_short_and_passes_interrupted() {
        EngineOptions options =
                new EngineOptions(4096, 200, 512, 8, CacheType.F32)
                        .withStepTime(TinyEngine.HURRIED);

        assertEquals(plain(), answers(options, true));
        assertEquals(plain(), answers(options, false));
    }

    @ParameterizedTest
    @EnumSource
    void whatever_the_cache_holds(CacheType type) {
        EngineOptions options = new EngineOptions(4096, 200, 512, 1, type);
        List<List<Integer>> plain =
                answers(options.withPrefixes(false).withSpeculation(false), false);

        assertEquals(plain, answers(new EngineOptions(4096, 200, 8, 8, type), true));
        assertEquals(plain, answers(new EngineOptions(4096, 12, 64, 8, type), true));
    }

    @Test
    void guesses_are_tried_and_some_are_right() {
        try (TinyEngine tiny = guessing()) {
            tiny.generate(turns(0).getFirst(), 200);
            EngineStatistics statistics = tiny.engine().statistics();

            assertTrue(statistics.draftedTokens() > 0, "nothing was guessed");
            assertTrue(statistics.acceptedTokens() > 0, "no guess was right");
            assertTrue(statistics.steps() < 201, "as many steps as tokens: guesses saved nothing");
        }
    }

    @Test
    void and_draws_the_same_when_guesses_are_right_and_when_they_are_wrong() {
        RecordingSink plain = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE.withSpeculation(false))) {
            tiny.engine().submit(TinyEngine.drawn(turns(0).getFirst(), 300, 0.02, plain));
            plain.reason();
        }
        RecordingSink guessed = new RecordingSink();
        try (TinyEngine tiny = guessing()) {
            tiny.engine().submit(TinyEngine.drawn(turns(0).getFirst(), 300, 0.02, guessed));
            guessed.reason();
            EngineStatistics statistics = tiny.engine().statistics();
            assertTrue(statistics.acceptedTokens() > 0, "no guess was right");
            assertTrue(statistics.acceptedTokens() < statistics.draftedTokens());
        }

        assertEquals(plain.tokenIds(), guessed.tokenIds());
    }

    /// Tries every guess, however long it takes.
    private static TinyEngine guessing() {
        return guessing(TinyEngine.LARGE);
    }

    private static TinyEngine guessing(EngineOptions options) {
        Speculation always =
                new Speculation() {
                    @Override
                    int[] lengths(int numRows, List<Candidate> candidates, boolean withPrompt) {
                        return candidates.stream().mapToInt(Candidate::length).toArray();
                    }
                };
        return new TinyEngine(options, 1, DecoderObserver.NONE, always);
    }

    private static List<List<Integer>> answers(EngineOptions options, boolean together) {
        List<List<Integer>> answers = new ArrayList<>();
        try (TinyEngine tiny = guessing(options)) {
            for (int turn = 0; turn < 2; turn++) {
                List<RecordingSink> sinks = new ArrayList<>();
                for (int conversation = 0; conversation < 4; conversation++) {
                    sinks.add(new RecordingSink());
                    tiny.submit(turns(conversation).get(turn), ANSWER, sinks.getLast());
                    if (!together) {
                        sinks.getLast().reason();
                    }
                }
                for (RecordingSink sink : sinks) {
                    assertEquals(FinishReason.LENGTH, sink.reason());
                    answers.add(sink.tokenIds());
                }
            }
            tiny.engine().close();
            assertEquals(options.numCacheBlocks(), tiny.engine().cache().numFree());
        }
        return answers;
    }
}
