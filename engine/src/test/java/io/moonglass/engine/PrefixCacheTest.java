package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Blocks hold 32 tokens.
class PrefixCacheTest {

    private static final FloatMatrix ROWS =
            FloatMatrix.allocate(Arena.ofAuto(), 40, TinyEngine.HIDDEN_SIZE);

    private final StepGate steps = new StepGate();

    PrefixCacheTest() {
        steps.close();
    }

    @Test
    void a_prompt_that_begins_like_an_earlier_one_is_computed_from_where_they_differ() {
        int[] first = TinyEngine.randomPrompt(100, 1);
        int[] second = first.clone();
        second[70]++;
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            assertEquals(0, cachedOf(tiny, text(first)));
            assertEquals(64, cachedOf(tiny, text(second)));
        }
        assertEquals(List.of(100, 36), steps.stepSizes());
    }

    @Test
    void a_prompt_that_goes_on_where_an_earlier_one_ended_is_computed_from_there() {
        int[] first = TinyEngine.randomPrompt(50, 1);
        int[] second = Arrays.copyOf(first, 90);
        Arrays.fill(second, 50, 90, 3);
        List<Integer> alone;
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            alone = tiny.generate(second, 20);
        }
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE.withSpeculation(false), 1, steps)) {
            tiny.generate(first, 30); // writes into the block where its prompt ends
            assertEquals(50, cachedOf(tiny, text(second)));
            assertEquals(alone, tiny.generate(second, 20));
            tiny.engine().close();
            assertEquals(200, tiny.engine().cache().numFree());
        }
        assertEquals(
                List.of(50, 40), steps.stepSizes().stream().filter(n -> n > 1).limit(2).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 31, 33, 57, 64, 65})
    void of_the_same_prompt_again_one_token_is_computed(int numTokens) {
        int[] prompt = TinyEngine.randomPrompt(numTokens, 1);
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            Run first = new Run(text(prompt));
            Run again = new Run(text(prompt));
            tiny.engine().submit(first.request);
            first.sink.reason();
            tiny.engine().submit(again.request);
            again.sink.reason();

            assertEquals(0, first.numCached);
            assertEquals(numTokens - 1, again.numCached);
            assertEquals(first.sink.tokenIds(), again.sink.tokenIds());
        }
    }

    @Test
    void of_prompts_that_come_together_and_are_the_same_one_is_computed()
            throws InterruptedException {
        StepGate gate = new StepGate();
        List<Run> runs = new ArrayList<>();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, gate)) {
            Run before = new Run(text(TinyEngine.randomPrompt(20, 2)));
            tiny.engine().submit(before.request);
            gate.awaitStep();
            for (int i = 0; i < 8; i++) {
                Run run = new Run(text(TinyEngine.randomPrompt(57, 1)));
                runs.add(run);
                tiny.engine().submit(run.request);
            }
            gate.close();
            for (Run run : runs) {
                run.sink.reason();
            }
        }
        assertEquals(
                List.of(0, 57, 57, 57, 57, 57, 57, 57),
                runs.stream().map(run -> run.numCached).sorted().toList());
        assertEquals(1, runs.stream().map(run -> run.sink.tokenIds()).distinct().count());
    }

    @Test
    void a_prompt_that_is_being_computed_is_followed_by_one_that_begins_alike()
            throws InterruptedException {
        int[] prompt = TinyEngine.randomPrompt(200, 1);
        StepGate gate = new StepGate();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 64, 64, 8), 1, gate)) {
            Run first = new Run(text(prompt));
            Run second = new Run(text(prompt));
            tiny.engine().submit(first.request);
            gate.awaitStep();
            tiny.engine().submit(second.request);
            gate.close();
            first.sink.reason();
            second.sink.reason();

            assertEquals(0, first.numCached);
            assertTrue(second.numCached >= 128, "computed again: " + second.numCached);
            assertEquals(first.sink.tokenIds(), second.sink.tokenIds());
        }
    }

    @Test
    void generated_tokens_are_not_taken_for_the_same_tokens_of_a_prompt() {
        int[] prompt = TinyEngine.randomPrompt(64, 1);
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            List<Integer> answer = tiny.generate(prompt, 40);
            int[] next = Arrays.copyOf(prompt, 104);
            for (int i = 0; i < 40; i++) {
                next[64 + i] = answer.get(i);
            }
            assertEquals(64, cachedOf(tiny, text(next)));
        }
    }

    @Test
    void two_tenants_share_nothing_and_neither_do_two_salts() {
        int[] prompt = TinyEngine.randomPrompt(100, 1);
        List<RequestScope> scopes =
                List.of(
                        new RequestScope("ann", "", 0),
                        new RequestScope("bob", "", 0),
                        new RequestScope("ann", "pepper", 0),
                        new RequestScope("annpepper", "", 0),
                        new RequestScope("", "annpepper", 0));
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            for (RequestScope scope : scopes) {
                assertEquals(0, cachedOf(tiny, new Prompt(prompt, List.of(), scope)));
            }
            for (RequestScope scope : scopes) {
                assertEquals(99, cachedOf(tiny, new Prompt(prompt, List.of(), scope)));
            }
        }
    }

    @Test
    void pictures_count_by_what_they_show() {
        int[] prompt = TinyEngine.randomPrompt(130, 1);
        Arrays.fill(prompt, 10, 50, TinyEngine.IMAGE_TOKEN_ID);
        Digest cat = new DigestBuilder().add("cat").build();
        Digest dog = new DigestBuilder().add("dog").build();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            assertEquals(0, cachedOf(tiny, picture(prompt, cat)));
            assertEquals(0, cachedOf(tiny, picture(prompt, dog)));
            assertEquals(129, cachedOf(tiny, picture(prompt, cat)));
        }
    }

    @Test
    void a_hit_that_ends_inside_a_picture_goes_on_with_the_right_rows() {
        FloatMatrix rows = FloatMatrix.allocate(Arena.ofAuto(), 40, TinyEngine.HIDDEN_SIZE);
        for (int row = 0; row < 40; row++) {
            rows.set(row, 0, 1 + row);
        }
        int[] first = TinyEngine.randomPrompt(70, 1);
        Arrays.fill(first, 10, 40, TinyEngine.IMAGE_TOKEN_ID);
        int[] second = TinyEngine.randomPrompt(60, 1);
        Arrays.fill(second, 0, 40, 3);
        System.arraycopy(first, 0, second, 0, 40);
        Digest content = new DigestBuilder().add("ramp").build();
        PromptImage whole = new PromptImage(rows.rows(0, 30), content);
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            cachedOf(tiny, new Prompt(first, List.of(whole), RequestScope.DEFAULT));
            assertEquals(
                    32, cachedOf(tiny, new Prompt(second, List.of(whole), RequestScope.DEFAULT)));
        }
        // Position 32 is the picture's row 22.
        assertEquals(23, steps.embeddings().get(70)[0]);
    }

    @Test
    void what_nobody_uses_is_forgotten_when_that_is_asked_and_the_same_prompt_is_computed_anew() {
        Prompt prompt = text(TinyEngine.randomPrompt(100, 1));
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, steps)) {
            cachedOf(tiny, prompt);
            assertEquals(99, cachedOf(tiny, prompt));

            int numBlocks = tiny.engine().flushPrefixes().join();

            assertTrue(numBlocks >= 3, numBlocks + " blocks");
            assertEquals(0, tiny.engine().statistics().numBlocksKept());
            assertEquals(0, cachedOf(tiny, prompt));
            tiny.engine().close();
            assertEquals(200, tiny.engine().cache().numFree());
            assertEquals(0, tiny.engine().flushPrefixes().join(), "a closed engine keeps nothing");
        }
    }

    @Test
    void the_block_that_was_left_longest_ago_goes_first_and_one_in_use_never() {
        Prompt old = text(TinyEngine.randomPrompt(65, 1));
        Prompt newer = text(TinyEngine.randomPrompt(65, 2));
        Prompt large = text(TinyEngine.randomPrompt(120, 3));
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 6, 512, 8), 1, steps)) {
            cachedOf(tiny, old); // keeps 2 blocks
            cachedOf(tiny, newer); // 2 more
            cachedOf(tiny, large); // needs 4: the 2 free ones, and the old ones

            assertEquals(64, cachedOf(tiny, newer));
            assertEquals(0, cachedOf(tiny, old));
            tiny.engine().close();
            assertEquals(6, tiny.engine().cache().numFree());
        }
    }

    @Test
    void branches_share_the_prompt_and_write_apart() {
        int[] prompt = TinyEngine.randomPrompt(50, 1);
        List<List<Integer>> alone = new ArrayList<>();
        List<RecordingSink> sinks = new ArrayList<>();
        List<Branch> branches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SamplingParameters sampling = SamplingParameters.GREEDY.withTemperature(1).withSeed(i);
            alone.add(drawnAlone(text(prompt), sampling, 40));
            sinks.add(new RecordingSink());
            branches.add(new Branch(sampling, sinks.getLast()));
        }
        EngineOptions options = TinyEngine.LARGE.withSpeculation(false);
        try (TinyEngine tiny = new TinyEngine(options, 1, steps)) {
            tiny.engine().submit(request(text(prompt), branches, 40));
            sinks.forEach(RecordingSink::reason);
            tiny.engine().close();
            assertEquals(200, tiny.engine().cache().numFree());
        }

        assertEquals(alone, sinks.stream().map(RecordingSink::tokenIds).toList());
        assertNotEquals(alone.get(0), alone.get(1));
        assertEquals(50 + 4 * 39, steps.numComputed(), "the prompt was computed more than once");
    }

    @Test
    void requests_that_come_together_with_one_prompt_share_it_and_draw_as_if_they_were_alone() {
        int[] prompt = TinyEngine.randomPrompt(50, 1);
        List<List<Integer>> alone = new ArrayList<>();
        List<RecordingSink> sinks = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SamplingParameters sampling = SamplingParameters.GREEDY.withTemperature(1).withSeed(i);
            alone.add(drawnAlone(text(prompt), sampling, 40));
            sinks.add(new RecordingSink());
            Branch branch = new Branch(sampling, sinks.getLast());
            requests.add(request(text(prompt), List.of(branch), 40));
        }
        EngineOptions options = TinyEngine.LARGE.withSpeculation(false);
        try (TinyEngine tiny = new TinyEngine(options, 1, steps)) {
            tiny.submitTogether(requests);
            sinks.forEach(RecordingSink::reason);
            tiny.engine().close();
            assertEquals(200, tiny.engine().cache().numFree());
        }

        assertEquals(alone, sinks.stream().map(RecordingSink::tokenIds).toList());
        int numHolding = 1;
        assertEquals(numHolding + 50 + 4 * 39, steps.numComputed());
    }

    @Test
    void a_branch_goes_on_if_the_first_one_is_cut_short() {
        int[] prompt = TinyEngine.randomPrompt(50, 1);
        RecordingSink first = new RecordingSink(_ -> false);
        RecordingSink second = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            List<Branch> branches =
                    List.of(
                            new Branch(SamplingParameters.GREEDY, first),
                            new Branch(SamplingParameters.GREEDY, second));
            tiny.engine().submit(request(text(prompt), branches, 40));

            assertEquals(FinishReason.STOP, first.reason());
            assertEquals(FinishReason.LENGTH, second.reason());
            assertEquals(tiny.generate(prompt, 40), second.tokenIds());
        }
    }

    /// What a request's pictures and words are, and whose.
    private record Prompt(int[] tokenIds, List<PromptImage> images, RequestScope scope) {}

    private static Prompt text(int[] tokenIds) {
        return new Prompt(tokenIds, List.of(), RequestScope.DEFAULT);
    }

    private static Prompt picture(int[] tokenIds, Digest content) {
        return new Prompt(tokenIds, List.of(new PromptImage(ROWS, content)), RequestScope.DEFAULT);
    }

    /// What an engine says that does nothing else.
    private static List<Integer> drawnAlone(
            Prompt prompt, SamplingParameters sampling, int maxTokens) {
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            RecordingSink sink = new RecordingSink();
            tiny.engine().submit(request(prompt, List.of(new Branch(sampling, sink)), maxTokens));
            sink.reason();
            return sink.tokenIds();
        }
    }

    private static GenerationRequest request(Prompt prompt, List<Branch> branches, int maxTokens) {
        return new GenerationRequest(
                prompt.tokenIds(),
                TinyEngine.IMAGE_TOKEN_ID,
                prompt.images(),
                maxTokens,
                Set.of(),
                prompt.scope(),
                branches);
    }

    private static final class Run {
        volatile int numCached = -1;
        final RecordingSink sink =
                new RecordingSink() {
                    @Override
                    public void promptComputed(int numCachedTokens) {
                        numCached = numCachedTokens;
                    }
                };
        final GenerationRequest request;

        Run(Prompt prompt) {
            request = request(prompt, List.of(new Branch(SamplingParameters.GREEDY, sink)), 1);
        }
    }

    /// Runs a prompt for one token.
    private static int cachedOf(TinyEngine tiny, Prompt prompt) {
        Run run = new Run(prompt);
        tiny.engine().submit(run.request);
        run.sink.reason();
        return run.numCached;
    }
}
