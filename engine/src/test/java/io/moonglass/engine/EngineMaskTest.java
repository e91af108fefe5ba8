package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Answers that are held to something. A [CyclicMask] fails its answer if anything comes that it forbids.
class EngineMaskTest {

    private static final int[] PROMPT = TinyEngine.randomPrompt(40, 1);
    private static final SamplingParameters GREEDY = SamplingParameters.GREEDY;
    private static final SamplingParameters DRAWN = GREEDY.withTemperature(1).withSeed(3);

    /// One answer on its way.
    private record Answer(CyclicMask mask, RecordingSink sink, Branch branch) {

        static Answer of(SamplingParameters sampling, CyclicMask mask) {
            return of(sampling, mask, _ -> true);
        }

        static Answer of(SamplingParameters sampling, CyclicMask mask, IntPredicate goOn) {
            RecordingSink sink = new RecordingSink(goOn);
            return new Answer(mask, sink, new Branch(sampling, mask, sink));
        }
    }

    @Test
    void every_token_is_one_that_the_mask_allows_and_the_mask_is_told_of_all() {
        for (SamplingParameters sampling : List.of(GREEDY, DRAWN, DRAWN.withTopP(0.5))) {
            Answer answer = Answer.of(sampling, CyclicMask.ofWords());
            try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
                tiny.engine().submit(request(PROMPT, 60, Set.of(), answer.branch));

                assertEquals(FinishReason.LENGTH, answer.sink.reason());
            }
            assertEquals(60, answer.sink.tokenIds().size());
            assertEquals(answer.sink.tokenIds(), answer.mask.accepted());
        }
    }

    @Test
    void guesses_that_the_mask_forbids_are_not_chosen_and_others_are() {
        int[] prompt = // such as the answer, but for some tokens that the mask forbids
                IntStream.range(0, 120)
                        .map(i -> i % 12 == 11 ? 900 : new int[] {3, 4, 5, 6}[i % 4])
                        .toArray();
        Answer plain = Answer.of(GREEDY, CyclicMask.ofWords());
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE.withSpeculation(false))) {
            tiny.engine().submit(request(prompt, 200, Set.of(), plain.branch));
            plain.sink.reason();
        }
        Answer guessed = Answer.of(GREEDY, CyclicMask.ofWords());
        try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
            tiny.engine().submit(request(prompt, 200, Set.of(), guessed.branch));
            guessed.sink.reason();
            EngineStatistics statistics = tiny.engine().statistics();

            assertTrue(statistics.acceptedTokens() > 20, "hardly a guess was right");
            assertTrue(
                    statistics.acceptedTokens() < statistics.draftedTokens(), "none was forbidden");
        }
        assertEquals(plain.sink.tokenIds(), guessed.sink.tokenIds());
        assertEquals(guessed.sink.tokenIds(), guessed.mask.accepted());
    }

    @Test
    void answers_that_gave_way_are_told_to_their_masks_once() {
        EngineOptions small = new EngineOptions(4096, 9, 64, 8, CacheType.F32);
        EngineOptions roomy = new EngineOptions(4096, 200, 64, 8, CacheType.F32);

        assertEquals(together(roomy), together(small));
    }

    /// Six at once, of which some give way in a small cache.
    private static List<List<Integer>> together(EngineOptions options) {
        List<Answer> answers = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            answers.add(Answer.of(DRAWN.withSeed(i), CyclicMask.ofWords()));
            int[] prompt = TinyEngine.randomPrompt(50, i);
            requests.add(request(prompt, 80, Set.of(), answers.getLast().branch));
        }
        try (TinyEngine tiny = TinyEngine.guessing(options)) {
            tiny.submitTogether(requests);
            answers.forEach(answer -> assertEquals(FinishReason.LENGTH, answer.sink.reason()));
            boolean isSmall = options.numCacheBlocks() < 200;
            assertEquals(isSmall, tiny.engine().statistics().preemptions() > 0);
        }
        answers.forEach(answer -> assertEquals(answer.sink.tokenIds(), answer.mask.accepted()));
        return answers.stream().map(answer -> answer.sink.tokenIds()).toList();
    }

    @Test
    void each_branch_has_a_mask_of_its_own() {
        List<Answer> answers =
                List.of(
                        Answer.of(DRAWN, CyclicMask.ofWords()),
                        Answer.of(DRAWN, new CyclicMask(7, List.of(Set.of(1, 2)))),
                        Answer.of(DRAWN.withSeed(4), CyclicMask.ofWords()));
        for (int maxRunning : new int[] {1, 8}) { // followers that fork, and some that must wait
            try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 200, 512, maxRunning))) {
                List<Answer> fresh =
                        answers.stream()
                                .map(answer ->
                                        Answer.of(
                                                answer.branch.sampling(),
                                                answer.mask.fromTheStart()))
                                .toList();
                tiny.engine()
                        .submit(
                                request(
                                        PROMPT,
                                        30,
                                        Set.of(),
                                        fresh.stream().map(Answer::branch).toArray(Branch[]::new)));

                assertEquals(FinishReason.LENGTH, fresh.get(0).sink.reason());
                assertEquals(FinishReason.STOP, fresh.get(1).sink.reason());
                assertEquals(FinishReason.LENGTH, fresh.get(2).sink.reason());
                fresh.forEach(a -> assertEquals(a.sink.tokenIds(), a.mask.accepted()));
                assertEquals(7, fresh.get(1).sink.tokenIds().size());
                assertNotEquals(fresh.get(0).sink.tokenIds(), fresh.get(2).sink.tokenIds());
            }
        }
    }

    @Test
    void an_answer_ends_with_the_token_that_finishes_its_mask() {
        for (int length : new int[] {1, 2, 9, 10}) {
            Answer answer = Answer.of(GREEDY, new CyclicMask(length, List.of(Set.of(8))));
            try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
                tiny.engine().submit(request(PROMPT, 10, Set.of(), answer.branch));

                assertEquals(FinishReason.STOP, answer.sink.reason());
            }
            assertEquals(length, answer.sink.tokenIds().size());
            assertEquals(answer.sink.tokenIds(), answer.mask.accepted());
        }
    }

    @Test
    void a_mask_that_is_finished_from_the_start_gives_an_empty_answer() {
        Answer answer = Answer.of(GREEDY, new CyclicMask(0, List.of(Set.of())));
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            tiny.engine().submit(request(PROMPT, 10, Set.of(), answer.branch));

            assertEquals(FinishReason.STOP, answer.sink.reason());
            assertEquals(List.of(), answer.sink.tokenIds());
            assertEquals(0, answer.sink.numCachedTokens());
        }
    }

    @Test
    void nothing_is_chosen_after_a_stop_token_even_if_more_was_guessed() {
        Answer answer = Answer.of(GREEDY, new CyclicMask(100, List.of(Set.of(8, 9))));
        int[] prompt = IntStream.range(0, 60).map(_ -> 8).toArray();
        try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
            SamplingParameters first = GREEDY.withLogitBias(Map.of(8, 100f));
            Answer plain = Answer.of(first, new CyclicMask(100, List.of(Set.of(8, 9))));
            tiny.engine().submit(request(prompt, 50, Set.of(8), plain.branch));
            assertEquals(FinishReason.STOP, plain.sink.reason());
            assertEquals(List.of(8), plain.mask.accepted());

            Branch late =
                    new Branch(first.withMinTokens(20), answer.mask, answer.sink); // 9s, then 8
            tiny.engine().submit(request(prompt, 50, Set.of(8), late));
            assertEquals(FinishReason.STOP, answer.sink.reason());
        }
        assertEquals(21, answer.sink.tokenIds().size());
        assertEquals(20, answer.sink.tokenIds().indexOf(8));
        assertEquals(answer.sink.tokenIds(), answer.mask.accepted());
    }

    @Test
    void a_mask_that_allows_nothing_fails_its_own_answer_and_no_other() {
        Answer bad = Answer.of(GREEDY, new CyclicMask(9, List.of(Set.of(1), Set.of())));
        Answer good = Answer.of(GREEDY, CyclicMask.ofWords());
        Answer other = Answer.of(GREEDY, CyclicMask.ofWords());
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            tiny.engine().submit(request(PROMPT, 30, Set.of(), bad.branch, good.branch));
            tiny.engine().submit(request(PROMPT, 30, Set.of(), other.branch));

            assertInstanceOf(IllegalStateException.class, bad.sink.fault());
            assertEquals(List.of(1), bad.sink.tokenIds());
            assertEquals(FinishReason.LENGTH, good.sink.reason());
            assertEquals(FinishReason.LENGTH, other.sink.reason());
            tiny.engine().close();
            assertEquals(0, tiny.engine().statistics().failedSteps());
            assertEquals(200, tiny.engine().cache().numFree());
        }
    }

    @Test
    void a_sink_that_has_heard_enough_ends_an_answer_with_a_mask_too() {
        Answer answer = Answer.of(GREEDY, CyclicMask.ofWords(), count -> count < 5);
        try (TinyEngine tiny = TinyEngine.guessing(TinyEngine.LARGE)) {
            tiny.engine().submit(request(PROMPT, 50, Set.of(), answer.branch));

            assertEquals(FinishReason.STOP, answer.sink.reason());
        }
        assertEquals(5, answer.sink.tokenIds().size());
        assertEquals(answer.sink.tokenIds(), answer.mask.accepted().subList(0, 5));
    }

    private static GenerationRequest request(
            int[] prompt, int maxTokens, Set<Integer> stopTokenIds, Branch... branches) {
        return new GenerationRequest(
                prompt,
                TinyEngine.IMAGE_TOKEN_ID,
                List.of(),
                maxTokens,
                stopTokenIds,
                RequestScope.DEFAULT,
                List.of(branches));
    }
}
