package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Blocks hold 32 tokens.
class SchedulerTest {

    @Test
    void the_newest_sequence_gives_way_when_the_cache_is_full() {
        Fixture fixture = new Fixture(2, 100, 4);
        Sequence older = fixture.add(32);
        Sequence newer = fixture.add(30);
        fixture.step();
        StepPlan step = fixture.step(); // older's 33rd token needs a second block, and none is free

        assertEquals(List.of(newer), waiting(fixture));
        assertEquals(List.of(older), fixture.scheduler.running());
        assertEquals(Map.of(older, 1), shares(step));
    }

    @Test
    void a_sequence_that_finds_no_room_and_is_the_newest_itself_gives_way() {
        Fixture fixture = new Fixture(3, 100, 4);
        Sequence older = fixture.add(32);
        Sequence newer = fixture.add(32);
        fixture.step();
        StepPlan step = fixture.step(); // older takes the last block

        assertEquals(List.of(newer), waiting(fixture));
        assertEquals(Map.of(older, 1), shares(step));
        assertEquals(1, fixture.cache.numFree());
    }

    @Test
    void a_sequence_that_gave_way_starts_over_with_what_it_had_said() {
        Fixture fixture = new Fixture(2, 100, 4);
        Sequence older = fixture.add(31);
        Sequence newer = fixture.add(10);
        fixture.step();
        fixture.step();
        fixture.step(); // older's 33rd token

        assertEquals(0, newer.numCached());
        assertEquals(0, newer.blocks().numBlocks());
        assertEquals(2, newer.numGenerated());
        fixture.scheduler.remove(older);
        StepPlan step = fixture.step();
        assertEquals(Map.of(newer, 12), shares(step));
        assertEquals(3, newer.numGenerated());
    }

    @Test
    void those_that_gave_way_wait_before_those_that_never_ran_and_keep_their_order() {
        Fixture fixture = new Fixture(4, 100, 3);
        Sequence first = fixture.add(32);
        Sequence second = fixture.add(31);
        Sequence third = fixture.add(30);
        Sequence fourth = fixture.add(1);
        while (fixture.scheduler.running().size() < 3 || first.blocks().numBlocks() < 2) {
            fixture.step();
        }
        // first has 2 blocks, second and third have 1 each; second needs another one, then first.
        while (fixture.scheduler.running().size() > 1) {
            fixture.step();
        }

        assertEquals(List.of(first), fixture.scheduler.running());
        assertEquals(List.of(second, third, fourth), waiting(fixture));
    }

    @Test
    void a_long_prompt_is_cut_to_the_token_budget() {
        Fixture fixture = new Fixture(8, 16, 4);
        Sequence sequence = fixture.add(40);

        assertEquals(Map.of(sequence, 16), shares(fixture.step()));
        assertEquals(Map.of(sequence, 16), shares(fixture.step()));
        assertEquals(0, sequence.numGenerated());
        assertEquals(Map.of(sequence, 8), shares(fixture.step()));
        assertEquals(1, sequence.numGenerated());
        assertEquals(Map.of(sequence, 1), shares(fixture.step()));
    }

    @Test
    void a_prompt_that_is_scored_has_fewer_tokens_in_a_step_because_each_takes_longer() {
        Scoring scoring = new Scoring(OptionalInt.empty(), OptionalInt.of(1), false);
        Fixture fixture = new Fixture(60, 200, 4);
        Sequence decoding = fixture.add(2);
        fixture.step();
        for (int i = 0; i < 50; i++) {
            fixture.clock.measured(i % 2 == 0 ? 40 : 160, 30, i % 2 == 0 ? 0.2 : 0.8);
        }
        fixture.clock.scored(10, 0.049); // almost as long again as the token itself

        Sequence plain = fixture.add(1000);
        assertEquals(Map.of(decoding, 1, plain, 192), shares(fixture.step()));
        fixture.scheduler.remove(plain);
        Sequence scored = fixture.add(SmallCache.sequence(1000, RequestScope.DEFAULT, scoring));
        assertEquals(Map.of(decoding, 1, scored, 96), shares(fixture.step()));
    }

    @Test
    void sequences_that_run_come_before_those_that_wait() {
        Fixture fixture = new Fixture(8, 16, 4);
        Sequence running = fixture.add(20);
        fixture.step();
        Sequence waiting = fixture.add(30);
        StepPlan step = fixture.step();

        assertEquals(Map.of(running, 4, waiting, 12), shares(step));
    }

    @Test
    void a_long_prompt_does_not_stall_those_that_decode() {
        Fixture fixture = new Fixture(20, 8, 4);
        Sequence one = fixture.add(2);
        Sequence other = fixture.add(2);
        Sequence longPrompt = fixture.add(300);
        fixture.step();
        for (int i = 0; i < 10; i++) {
            assertEquals(Map.of(one, 1, other, 1, longPrompt, 6), shares(fixture.step()));
        }
        assertEquals(11, one.numGenerated());
        assertEquals(11, other.numGenerated());
    }

    @Test
    void a_short_prompt_overtakes_a_long_one_that_is_being_computed() {
        Fixture fixture = new Fixture(40, 64, 4);
        Sequence book = fixture.add(1000);
        fixture.step();
        fixture.step();
        Sequence question = fixture.add(100);

        assertEquals(Map.of(question, 64), shares(fixture.step()));
    }

    @Test
    void a_prompt_with_a_long_context_goes_alone_and_others_have_their_steps_meanwhile() {
        Fixture fixture = new Fixture(400, 512, 4);
        Sequence book = fixture.add(6000);
        while (book.numCached() < 4096) {
            fixture.step();
        }
        Sequence question = fixture.add(100);
        assertEquals(Map.of(question, 100), shares(fixture.step()));
        assertEquals(Map.of(question, 1), shares(fixture.step()));

        StepPlan pass = fixture.scheduler.nextPass();
        assertEquals(Map.of(book, 512), shares(pass));
        assertEquals(Map.of(question, 1), shares(fixture.scheduler.nextStep(2)));
        assertTrue(fixture.scheduler.nextPass().isEmpty(), "a pass within a pass");
        fixture.scheduler.endPass();
    }

    @Test
    void a_sequence_in_a_pass_keeps_its_blocks() {
        Fixture fixture = new Fixture(3, 512, 4);
        Sequence passing = fixture.addPassing(33, 33);
        Sequence other = fixture.add(31);
        assertEquals(Map.of(other, 31), shares(fixture.scheduler.nextStep(2)));
        other.cached(31);
        other.append(7);
        other.cached(1);
        other.append(7); // the 33rd needs a second block, and none is free
        assertTrue(fixture.scheduler.nextStep(2).isEmpty());

        assertEquals(List.of(other), waiting(fixture));
        assertEquals(2, passing.blocks().numBlocks());
    }

    @Test
    void what_a_pass_computes_is_not_computed_beside_it_but_taken_over() {
        Fixture fixture = new Fixture(20, 512, 4);
        Sequence passing = fixture.addPassing(70, 70);
        Sequence longer = fixture.add(SmallCache.beginningLike(passing, 80));
        Sequence other = fixture.add(70);
        assertEquals(Map.of(other, 70), shares(fixture.scheduler.nextStep(2)));

        passing.cached(70);
        passing.publish(fixture.cache);
        fixture.scheduler.endPass();
        assertEquals(10, shares(fixture.scheduler.nextStep(1)).get(longer));
    }

    @Test
    void of_prompts_that_are_the_same_one_is_computed_and_the_others_go_on_from_it() {
        Fixture fixture = new Fixture(20, 512, 8);
        Sequence decoding = fixture.add(2);
        fixture.step();
        Sequence first = fixture.add(70);
        Sequence second = fixture.add(SmallCache.beginningLike(first, 70));
        Sequence longer = fixture.add(SmallCache.beginningLike(first, 71));
        StepPlan step = fixture.scheduler.nextStep(1);

        assertEquals(Map.of(decoding, 1, first, 70), shares(step));
        first.cached(70);
        assertEquals(List.of(second), fixture.scheduler.fork(first));
        assertEquals(0, longer.numCached());
        assertEquals(70, second.numCached());
        assertEquals(70, second.numAdopted());
        assertEquals(first.blocks().block(2), second.blocks().block(2));
    }

    @Test
    void a_prompt_that_is_the_same_as_one_in_a_pass_goes_on_from_its_last_chunk() {
        Fixture fixture = new Fixture(20, 64, 4);
        Sequence passing = fixture.addPassing(70, 64);
        Sequence second = fixture.add(SmallCache.beginningLike(passing, 70));
        assertTrue(fixture.scheduler.nextStep(2).isEmpty());
        assertEquals(List.of(), fixture.scheduler.fork(passing), "the prompt has not ended");
        passing.cached(64);
        passing.publish(fixture.cache);
        fixture.scheduler.endPass();

        assertEquals(Map.of(passing, 6), shares(fixture.scheduler.nextStep(1)));
        assertEquals(List.of(second), fixture.scheduler.fork(passing));
    }

    @Test
    void one_that_waits_for_the_same_prompt_keeps_its_place_and_takes_its_branches_along() {
        Fixture fixture = new Fixture(40, 512, 3);
        Sequence passing = fixture.addPassing(70, 70);
        Sequence second = fixture.add(SmallCache.beginningLike(passing, 70));
        Sequence branch = fixture.add(SmallCache.branchOf(second));
        assertTrue(fixture.scheduler.nextStep(2).isEmpty());
        fixture.add(1000);
        fixture.scheduler.nextStep(2);
        Sequence last = fixture.add(10);
        fixture.scheduler.nextStep(2);

        assertEquals(List.of(second), fixture.scheduler.fork(passing));
        assertEquals(List.of(branch, last), waiting(fixture));

        Fixture roomy = new Fixture(40, 512, 4);
        Sequence first = roomy.addPassing(70, 70);
        Sequence alike = roomy.add(SmallCache.beginningLike(first, 70));
        Sequence other = roomy.add(SmallCache.branchOf(alike));
        assertTrue(roomy.scheduler.nextStep(2).isEmpty());
        assertEquals(List.of(alike, other), roomy.scheduler.fork(first));
        assertEquals(List.of(first, alike, other), roomy.scheduler.running());
    }

    @Test
    void one_that_waits_for_the_prompt_of_another_computes_it_itself_if_that_one_ends() {
        Fixture fixture = new Fixture(20, 512, 4);
        Sequence passing = fixture.addPassing(70, 70);
        Sequence second = fixture.add(SmallCache.beginningLike(passing, 70));
        assertTrue(fixture.scheduler.nextStep(2).isEmpty());
        fixture.scheduler.endPass();
        fixture.scheduler.remove(passing);

        assertTrue(fixture.scheduler.nextStep(1).isEmpty());
        assertEquals(Map.of(second, 70), shares(fixture.scheduler.nextPass()));
    }

    @Test
    void short_prompts_never_keep_a_long_one_from_its_end() {
        Fixture fixture = new Fixture(40, 64, 8);
        Sequence book = fixture.add(512);
        int numSteps = 0;
        while (book.numGenerated() == 0) {
            Sequence question = fixture.add(64);
            fixture.step();
            if (question.numGenerated() > 0) {
                fixture.scheduler.remove(question);
            }
            fixture.scheduler.running().stream()
                    .filter(sequence -> sequence != book && sequence.numGenerated() > 0)
                    .toList()
                    .forEach(fixture.scheduler::remove);
            assertTrue(++numSteps < 100, "the book never ends");
        }
    }

    @Test
    void the_more_urgent_is_first_to_run_and_last_to_give_way() {
        Fixture fixture = new Fixture(3, 100, 1);
        Sequence running = fixture.add(1);
        fixture.step();
        Sequence patient = fixture.add(30, new RequestScope("", "", 5));
        Sequence urgent = fixture.add(30, new RequestScope("", "", -1));
        fixture.scheduler.remove(running);

        assertEquals(Map.of(urgent, 30), shares(fixture.step()));
        assertEquals(List.of(patient), waiting(fixture));

        Fixture full = new Fixture(2, 100, 4);
        Sequence lessUrgent = full.add(31, new RequestScope("", "", 5));
        full.step();
        Sequence moreUrgent = full.add(31, new RequestScope("", "", 0));
        full.step();
        full.step();
        full.step(); // both need a second block
        assertEquals(List.of(lessUrgent), waiting(full));
        assertEquals(List.of(moreUrgent), full.scheduler.running());
    }

    @Test
    void a_tenant_with_many_requests_does_not_hold_up_one_with_few() {
        Fixture fixture = new Fixture(40, 32, 1);
        List<Sequence> many = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            many.add(fixture.add(32, new RequestScope("many", "", 0)));
        }
        fixture.step();
        Sequence few = fixture.add(32, new RequestScope("few", "", 0));
        fixture.scheduler.remove(many.getFirst());
        fixture.step(); // both have had the same, and this one came first
        fixture.scheduler.remove(many.get(1));

        assertEquals(Map.of(few, 32), shares(fixture.step()));
    }

    @Test
    void a_tenant_that_paused_has_saved_nothing_up() {
        FairShares shares = new FairShares();
        shares.give("busy", 1000);
        shares.comesBack("late", List.of("busy"));
        assertEquals(1000, shares.of("late"));
        shares.give("late", 500);
        shares.comesBack("busy", List.of("late"));
        assertEquals(1500, shares.of("busy"));
        shares.give("busy", 0);
        shares.comesBack("alone", List.of());
        assertEquals(1500, shares.of("alone"));
        assertEquals(0, new FairShares().of("first"));
    }

    @Test
    void no_more_run_than_may() {
        Fixture fixture = new Fixture(8, 16, 2);
        Sequence first = fixture.add(1);
        Sequence second = fixture.add(1);
        Sequence third = fixture.add(1);
        fixture.step();

        assertEquals(List.of(first, second), fixture.scheduler.running());
        fixture.scheduler.remove(first);
        assertEquals(Map.of(second, 1, third, 1), shares(fixture.step()));
    }

    @Test
    void a_prompt_is_let_in_when_all_of_it_and_one_token_fit() {
        Fixture fixture = new Fixture(3, 16, 4);
        Sequence running = fixture.add(10);
        fixture.step();
        Sequence tooLong = fixture.add(64); // two blocks are free, 65 tokens need three

        assertEquals(Map.of(running, 1), shares(fixture.step()));
        fixture.scheduler.remove(tooLong);
        Sequence fits = fixture.add(63);
        assertEquals(Map.of(running, 1, fits, 15), shares(fixture.step()));
        assertEquals(2, fits.blocks().numBlocks());
    }

    @Test
    void nobody_overtakes_a_prompt_that_does_not_fit_yet() {
        Fixture fixture = new Fixture(3, 100, 4);
        Sequence running = fixture.add(10);
        fixture.step();
        Sequence large = fixture.add(80);
        Sequence small = fixture.add(1);

        assertEquals(Map.of(running, 1), shares(fixture.step()));
        assertEquals(List.of(large, small), waiting(fixture));
        fixture.scheduler.remove(running);
        assertEquals(Map.of(large, 80), shares(fixture.step()));
    }

    @Test
    void a_sequence_that_is_taken_out_gives_its_blocks_back_wherever_it_was() {
        Fixture fixture = new Fixture(3, 100, 1);
        Sequence running = fixture.add(40);
        Sequence waiting = fixture.add(1);
        fixture.step();

        assertTrue(fixture.scheduler.remove(waiting));
        assertTrue(fixture.scheduler.remove(running));
        assertEquals(3, fixture.cache.numFree());
        assertFalse(fixture.scheduler.remove(waiting));
        assertFalse(fixture.scheduler.remove(running));
        assertEquals(3, fixture.cache.numFree());
        assertTrue(fixture.step().isEmpty());
    }

    @Test
    void a_share_that_is_taken_back_leaves_its_tokens_to_others() {
        StepPlan step = new StepPlan(10);
        Sequence stays = SmallCache.sequence(3);
        Sequence goes = SmallCache.sequence(4);
        step.add(goes, 4);
        step.add(stays, 3);
        step.remove(goes);

        assertEquals(Map.of(stays, 3), shares(step));
        assertEquals(3, step.numTokens());
        assertEquals(7, step.budget());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatever_comes_everyone_gets_to_the_end_and_the_rules_hold_at_every_step(long seed) {
        Random random = new Random(seed);
        int numBlocks = 4 + random.nextInt(5);
        int maxRunning = 1 + random.nextInt(6);
        int maxStepTokens = maxRunning + random.nextInt(60);
        Fixture fixture = new Fixture(numBlocks, maxStepTokens, maxRunning);
        Map<Sequence, Integer> wanted = new LinkedHashMap<>();
        int numArrived = 0;
        int numSteps = 0;
        int numStill = 0;
        while (numArrived < 40 || !wanted.isEmpty()) {
            if (numArrived < 40 && random.nextInt(4) == 0) {
                int numPrompt = 1 + random.nextInt(numBlocks * 32 - 1);
                int numAnswer = 1 + random.nextInt(Math.min(70, numBlocks * 32 - numPrompt));
                wanted.put(fixture.add(numPrompt), numAnswer);
                numArrived++;
            }
            Sequence oldest = fixture.oldest();
            int before = oldest == null ? 0 : oldest.numTokens() + oldest.numCached();
            StepPlan step = fixture.step();
            boolean stood = oldest != null && oldest.numTokens() + oldest.numCached() == before;
            numStill = stood ? numStill + 1 : 0;
            assertTrue(numStill < 4, "the oldest stands still");
            assertRulesHold(fixture, step, wanted.keySet(), maxStepTokens, maxRunning);
            for (Sequence sequence : List.copyOf(wanted.keySet())) {
                if (sequence.numGenerated() >= wanted.get(sequence)) {
                    assertTrue(fixture.scheduler.remove(sequence));
                    wanted.remove(sequence);
                }
            }
            assertTrue(++numSteps < 100_000, "some never end");
        }
        assertEquals(numBlocks, fixture.cache.numFree());
    }

    private static void assertRulesHold(
            Fixture fixture,
            StepPlan step,
            Set<Sequence> inOrderOfArrival,
            int maxStepTokens,
            int maxRunning) {
        assertTrue(step.numTokens() <= maxStepTokens);
        assertEquals(maxStepTokens - step.numTokens(), step.budget());
        assertTrue(fixture.scheduler.running().size() <= maxRunning);
        List<Sequence> known = new ArrayList<>(fixture.scheduler.running());
        known.addAll(fixture.scheduler.waiting());
        assertEquals(List.copyOf(inOrderOfArrival), known);
        Set<Integer> blocks = new HashSet<>();
        int numBlocks = 0;
        for (Sequence sequence : known) {
            numBlocks += sequence.blocks().numBlocks();
            for (int i = 0; i < sequence.blocks().numBlocks(); i++) {
                blocks.add(sequence.blocks().block(i));
            }
            int needed = KvCache.blocksFor(sequence.numCached());
            assertTrue(sequence.blocks().numBlocks() >= needed);
        }
        assertEquals(numBlocks, blocks.size(), "two sequences share a block");
        assertEquals(fixture.cache.numBlocks() - numBlocks, fixture.cache.numFree());
        assertEquals(shares(step).size(), step.shares().size(), "a sequence has two shares");
        assertTrue(fixture.scheduler.running().containsAll(shares(step).keySet()));
    }

    private static Map<Sequence, Integer> shares(StepPlan step) {
        return step.shares().stream()
                .collect(Collectors.toMap(StepPlan.Share::sequence, StepPlan.Share::numTokens));
    }

    private static List<Sequence> waiting(Fixture fixture) {
        return List.copyOf(fixture.scheduler.waiting());
    }

    /// A scheduler whose steps are not computed: every sequence says 7.
    private static final class Fixture {
        final KvCache cache;
        final StepClock clock = new StepClock(Duration.ofSeconds(1));
        final Scheduler scheduler;

        Fixture(int numBlocks, int maxStepTokens, int maxRunning) {
            cache = SmallCache.ofBlocks(numBlocks);
            scheduler =
                    new Scheduler(
                            cache,
                            clock,
                            new Drafting(false, new Speculation()),
                            maxStepTokens,
                            maxRunning,
                            new EngineCounters());
        }

        Sequence add(int numPromptTokens) {
            return add(numPromptTokens, RequestScope.DEFAULT);
        }

        Sequence add(int numPromptTokens, RequestScope scope) {
            return add(SmallCache.sequence(numPromptTokens, scope, Scoring.NONE));
        }

        Sequence add(Sequence sequence) {
            scheduler.add(sequence);
            return sequence;
        }

        /// A prompt that is the only work, and the pass that it goes in.
        Sequence addPassing(int numPromptTokens, int numTokens) {
            Sequence passing = add(numPromptTokens);
            assertTrue(scheduler.nextStep(1).isEmpty());
            assertEquals(Map.of(passing, numTokens), shares(scheduler.nextPass()));
            return passing;
        }

        Sequence oldest() {
            return scheduler.running().isEmpty()
                    ? scheduler.waiting().stream().findFirst().orElse(null)
                    : scheduler.running().getFirst();
        }

        StepPlan step() {
            StepPlan step = scheduler.nextStep(1);
            if (step.isEmpty()) {
                step = scheduler.nextPass();
                scheduler.endPass();
            }
            for (StepPlan.Share share : step.shares()) {
                Sequence sequence = share.sequence();
                int end = sequence.numCached() + share.numTokens();
                assertTrue(share.numTokens() > 0);
                assertTrue(sequence.blocks().numBlocks() >= KvCache.blocksFor(end));
                boolean reachesEnd = share.reachesEnd();
                scheduler.charge(share);
                sequence.cached(share.numTokens());
                if (reachesEnd) {
                    sequence.append(7);
                }
            }
            return step;
        }
    }
}
