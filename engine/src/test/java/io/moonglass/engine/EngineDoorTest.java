package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What can never be served is refused at once.
class EngineDoorTest {

    private static final TinyEngine TINY = new TinyEngine(new EngineOptions(50, 200, 64, 4));

    @AfterAll
    static void close() {
        TINY.close();
    }

    @Test
    void an_empty_prompt() {
        assertRefused(
                Kind.INVALID_VALUE,
                "messages",
                "the prompt is empty; want at least one token",
                text(new int[0], 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE})
    void an_answer_of_fewer_than_no_tokens(int maxTokens) {
        assertRefused(
                Kind.INVALID_VALUE,
                "max_tokens",
                "max_tokens is %d; want 0 or more".formatted(maxTokens),
                text(new int[] {1, 2}, maxTokens));
    }

    @Test
    void an_answer_shorter_than_the_shortest_that_is_wanted() {
        assertRefused(
                Kind.INVALID_VALUE,
                "min_tokens",
                "min_tokens is 6, max_tokens 5; want no more than that",
                sampled(SamplingParameters.GREEDY.withMinTokens(6)));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1024, Integer.MAX_VALUE})
    void a_bias_of_a_token_that_the_model_does_not_have(int tokenId) {
        assertRefused(
                Kind.INVALID_VALUE,
                "logit_bias",
                "logit_bias holds token id %d, the model knows ids from 0 to 1023"
                        .formatted(tokenId),
                sampled(SamplingParameters.GREEDY.withLogitBias(Map.of(5, 1f, tokenId, 1f))));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 21, Integer.MAX_VALUE})
    void log_probabilities_of_too_many_tokens(int numTop) {
        OptionalInt wanted = OptionalInt.of(numTop);
        InvalidRequestException answer =
                assertThrows(
                        InvalidRequestException.class,
                        () -> new Scoring(wanted, OptionalInt.empty(), false));
        InvalidRequestException prompt =
                assertThrows(
                        InvalidRequestException.class,
                        () -> new Scoring(OptionalInt.empty(), wanted, false));

        assertEquals("top_logprobs", answer.param());
        assertEquals("prompt_logprobs is %d; want 0 to 20".formatted(numTop), prompt.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"51, 0", "50, 1", "41, 10", "1, 50", "1, 2147483647"})
    void a_prompt_and_answer_beyond_the_context(int numPrompt, int maxTokens) {
        assertRefused(
                Kind.CONTEXT_LENGTH_EXCEEDED,
                "messages",
                "the prompt has %,d tokens and %,d more are asked for, the context holds 50; shorten the prompt or lower max_tokens"
                        .formatted(numPrompt, maxTokens),
                text(TinyEngine.randomPrompt(numPrompt, 1), maxTokens));
    }

    @Test
    void a_prompt_and_answer_that_fill_the_context_are_served() {
        assertEquals(10, TINY.generate(TinyEngine.randomPrompt(40, 1), 10).size());
        assertEquals(1, TINY.generate(TinyEngine.randomPrompt(49, 1), 1).size());
    }

    @Test
    void the_context_is_no_longer_than_the_cache() {
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(1_000_000, 2, 16, 4))) {
            assertEquals(64, tiny.engine().contextLength());
            assertEquals(33, tiny.generate(TinyEngine.randomPrompt(31, 1), 33).size());
            assertThrows(
                    InvalidRequestException.class,
                    () -> tiny.submit(TinyEngine.randomPrompt(31, 1), 34, new RecordingSink()));
        }
        assertEquals(50, TINY.engine().contextLength());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, 1024, 1025, Integer.MAX_VALUE})
    void a_token_the_embedding_table_does_not_hold(int tokenId) { // 1024 and 1025 are reserved ids
        assertRefused(
                Kind.INVALID_VALUE,
                "messages",
                "the prompt holds token id %d, the model knows ids below 1024".formatted(tokenId),
                text(new int[] {1, tokenId, 2}, 5));
    }

    @Test
    void tokens_at_both_ends_of_the_table_are_served() {
        assertEquals(2, TINY.generate(new int[] {0, 1023}, 2).size());
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0", "2, 1", "2, 3"})
    void image_tokens_without_a_row_each(int numTokens, int numRows) {
        assertRefused(
                Kind.INVALID_VALUE,
                "messages",
                "the prompt has %d image tokens, the pictures make %d"
                        .formatted(numTokens, numRows),
                withImage(
                        numTokens,
                        numRows == 0
                                ? Optional.empty()
                                : Optional.of(
                                        FloatMatrix.allocate(
                                                Arena.ofAuto(), numRows, TinyEngine.HIDDEN_SIZE))));
    }

    @Test
    void image_rows_of_another_width() {
        FloatMatrix rows = FloatMatrix.allocate(Arena.ofAuto(), 2, TinyEngine.HIDDEN_SIZE + 1);

        assertThrows(
                IllegalArgumentException.class,
                () -> TINY.engine().submit(withImage(2, Optional.of(rows))));
    }

    @Test
    void image_rows_that_only_their_own_thread_may_read() {
        try (Arena arena = Arena.ofConfined()) {
            FloatMatrix rows = FloatMatrix.allocate(arena, 2, TinyEngine.HIDDEN_SIZE);

            assertThrows(
                    IllegalArgumentException.class,
                    () -> TINY.engine().submit(withImage(2, Optional.of(rows))));
        }
    }

    @Test
    void a_refused_request_hears_nothing_and_the_next_one_is_served() {
        RecordingSink sink = new RecordingSink();

        assertThrows(InvalidRequestException.class, () -> TINY.submit(new int[] {5000}, 1, sink));
        assertEquals(3, TINY.generate(new int[] {1}, 3).size());
        assertEquals(0, sink.numEndings());
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1, 1", "1, 0, 1, 1", "1, 1, 0, 1", "1, 1, 1, 0", "9, 9, 3, 4"})
    void engine_limits_that_make_no_sense(
            int contextLength, int numCacheBlocks, int maxStepTokens, int maxRunning) {
        assertThrows(
                ConfigException.class,
                () -> new EngineOptions(contextLength, numCacheBlocks, maxStepTokens, maxRunning));
    }

    private static void assertRefused(
            Kind kind, String param, String message, GenerationRequest request) {
        InvalidRequestException fault =
                assertThrows(InvalidRequestException.class, () -> TINY.engine().submit(request));

        assertEquals(kind, fault.kind());
        assertEquals(param, fault.param());
        assertEquals(message, fault.getMessage());
    }

    private static GenerationRequest sampled(SamplingParameters sampling) {
        return new GenerationRequest(
                new int[] {1, 2},
                TinyEngine.IMAGE_TOKEN_ID,
                Optional.empty(),
                sampling,
                5,
                Set.of(),
                new RecordingSink());
    }

    private static GenerationRequest text(int[] prompt, int maxTokens) {
        return TinyEngine.request(prompt, maxTokens, new RecordingSink());
    }

    private static GenerationRequest withImage(int numTokens, Optional<FloatMatrix> imageRows) {
        int[] prompt = new int[numTokens + 1];
        for (int i = 0; i < numTokens; i++) {
            prompt[i] = TinyEngine.IMAGE_TOKEN_ID;
        }
        return new GenerationRequest(
                prompt,
                TinyEngine.IMAGE_TOKEN_ID,
                imageRows,
                SamplingParameters.GREEDY,
                5,
                Set.of(),
                new RecordingSink());
    }
}
