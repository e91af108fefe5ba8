package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A request is told the same, to the bit, whatever the engine does to be fast.
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

    private enum Wish {
        /// The likeliest tokens.
        TOKENS {
            @Override
            GenerationRequest of(int conversation, int[] prompt, TokenSink sink) {
                return TinyEngine.request(prompt, ANSWER, sink);
            }
        },
        /// All that a request can ask for, in one conversation or another.
        EVERYTHING {
            @Override
            GenerationRequest of(int conversation, int[] prompt, TokenSink sink) {
                SamplingParameters sampling =
                        SamplingParameters.GREEDY
                                .withTemperature(conversation == 0 ? 0.8 : 0.02)
                                .withTopP(0.9)
                                .withPresencePenalty(0.1)
                                .withLogitBias(Map.of(5, 2f, 64, -1f, prompt[0], 3f))
                                .withMinTokens(20)
                                .withSeed(conversation);
                TokenMask mask = conversation < 2 ? CyclicMask.ofWords() : TokenMask.ALL;
                OptionalInt numTop = OptionalInt.of(conversation);
                boolean readsPrompt = conversation % 2 == 1;
                return new GenerationRequest(
                        prompt,
                        TinyEngine.IMAGE_TOKEN_ID,
                        List.of(),
                        ANSWER,
                        Set.of(700, 5, prompt[1]),
                        RequestScope.DEFAULT,
                        new Scoring(
                                numTop, readsPrompt ? numTop : OptionalInt.empty(), readsPrompt),
                        List.of(new Branch(sampling, mask, sink)));
            }
        };

        abstract GenerationRequest of(int conversation, int[] prompt, TokenSink sink);
    }

    private static List<String> plain(Wish wish) {
        EngineOptions plain =
                new EngineOptions(4096, 200, 512, 1, CacheType.F32)
                        .withPrefixes(false)
                        .withSpeculation(false);
        return answers(plain, false, wish);
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

        for (Wish wish : Wish.values()) {
            assertEquals(plain(wish), answers(options, maxRunning > 1, wish));
        }
    }

    @Test
    void when_steps_are_short_and_passes_interrupted() {
        EngineOptions options =
                new EngineOptions(4096, 200, 512, 8, CacheType.F32)
                        .withStepTime(TinyEngine.HURRIED);

        for (Wish wish : Wish.values()) {
            assertEquals(plain(wish), answers(options, true, wish));
            assertEquals(plain(wish), answers(options, false, wish));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatever_the_cache_holds(CacheType type) {
        EngineOptions options = new EngineOptions(4096, 200, 512, 1, type);
        for (Wish wish : Wish.values()) {
            List<String> plain =
                    answers(options.withPrefixes(false).withSpeculation(false), false, wish);

            assertEquals(plain, answers(new EngineOptions(4096, 200, 8, 8, type), true, wish));
            assertEquals(plain, answers(new EngineOptions(4096, 12, 64, 8, type), true, wish));
        }
    }

    @Test
    void guesses_are_tried_and_some_are_right() {
        try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
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
        try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
            tiny.engine().submit(TinyEngine.drawn(turns(0).getFirst(), 300, 0.02, guessed));
            guessed.reason();
            EngineStatistics statistics = tiny.engine().statistics();
            assertTrue(statistics.acceptedTokens() > 0, "no guess was right");
            assertTrue(statistics.acceptedTokens() < statistics.draftedTokens());
        }

        assertEquals(plain.tokenIds(), guessed.tokenIds());
    }

    /// All that is told.
    private static List<String> answers(EngineOptions options, boolean together, Wish wish) {
        List<String> answers = new ArrayList<>();
        try (TinyEngine tiny = TinyEngine.guessing(options)) {
            for (int turn = 0; turn < 2; turn++) {
                List<RecordingSink> sinks = new ArrayList<>();
                for (int conversation = 0; conversation < 4; conversation++) {
                    sinks.add(new RecordingSink());
                    int[] prompt = turns(conversation).get(turn);
                    tiny.engine().submit(wish.of(conversation, prompt, sinks.getLast()));
                    if (!together) {
                        sinks.getLast().reason();
                    }
                }
                sinks.forEach(sink -> answers.add(sink.transcript()));
            }
            tiny.engine().close();
            assertEquals(options.numCacheBlocks(), tiny.engine().cache().numFree());
        }
        return answers;
    }
}
