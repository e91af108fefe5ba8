package io.moonglass.engine;

import io.moonglass.loader.digest.Digest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// Decides which sequences take part in the next step. Engine thread only.
///
/// Sequences that decode are in every step. What is left of its time goes to prompts: of whom has had
/// least first, of those the more urgent, then the shortest, so that a question is not stuck behind a
/// book; but every so often the one that began first has its turn, so that the book ends too. When the
/// cache is full the newest gives way, or a less urgent one of the same tenant: it loses its blocks and
/// starts over later, with the same result.
final class Scheduler {

    /// Tokens before a chunk from which on it is computed in a pass of its own: its attention takes as long
    /// as half of a step, however few tokens it has.
    private static final int LONG_CONTEXT = 4096;

    /// Of so many steps, one is for the prompt that came first.
    private static final int TURN_OF_FIRST = 4;

    private final KvCache cache;
    private final StepClock clock;
    private final Drafting drafting;
    private final int maxStepTokens;
    private final int maxRunning;
    private final FairShares fairShares = new FairShares();
    private final List<Sequence> running = new ArrayList<>();
    private final List<Sequence> waiting = new ArrayList<>();
    private final EngineCounters counters;
    private int numPromptSteps;
    private StepPlan.Share pass;

    /// @param maxStepTokens tokens of one forward pass; bounds its scratch memory
    /// @param maxRunning    sequences that share the cache at once
    Scheduler(
            KvCache cache,
            StepClock clock,
            Drafting drafting,
            int maxStepTokens,
            int maxRunning,
            EngineCounters counters) {
        this.cache = cache;
        this.clock = clock;
        this.drafting = drafting;
        this.maxStepTokens = maxStepTokens;
        this.maxRunning = maxRunning;
        this.counters = counters;
    }

    void add(Sequence sequence) {
        String tenant = sequence.scope().tenant();
        List<String> active = all().map(other -> other.scope().tenant()).distinct().toList();
        if (!active.contains(tenant)) {
            fairShares.comesBack(tenant, active);
        }
        waiting.add(sequence);
    }

    /// In the order in which they began to run.
    List<Sequence> running() {
        return running;
    }

    /// In order of arrival, those that gave way first.
    List<Sequence> waiting() {
        return waiting;
    }

    /// Whether there is nothing to compute.
    boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty();
    }

    Stream<Sequence> all() {
        return Stream.concat(running.stream(), waiting.stream());
    }

    /// Plans one forward pass.
    ///
    /// @param numParties those who share its time in equal parts, the step included
    StepPlan nextStep(int numParties) {
        StepPlan step = new StepPlan(maxStepTokens);
        decode(step);
        admit();
        prefill(step, numParties);
        drafting.addTo(step, cache);
        return step;
    }

    /// Plans a pass of the most urgent prompt that goes alone, between whose layers other steps may be
    /// computed; until it ends nobody takes the sequence's blocks. Empty if there is none.
    StepPlan nextPass() {
        StepPlan plan = new StepPlan(maxStepTokens);
        prefilling()
                .filter(this::goesAlone)
                .min(urgent())
                .ifPresent(sequence -> {
                    sequence.follow(null);
                    sequence.adopt(cache);
                    int numTokens = chunk(sequence, maxStepTokens);
                    if (makeRoomFor(sequence, numTokens, plan)) {
                        plan.add(sequence, numTokens);
                        pass = plan.shares().getFirst();
                    }
                });
        return plan;
    }

    /// The sequence in a pass that has not ended, or null.
    Sequence passing() {
        return pass == null ? null : pass.sequence();
    }

    /// The pass has ended, or was given up.
    void endPass() {
        pass = null;
    }

    /// Takes a sequence out, wherever it is, and its blocks back.
    ///
    /// @return false if it had been taken out before
    boolean remove(Sequence sequence) {
        cache.release(sequence.blocks());
        sequence.end();
        return running.remove(sequence) || waiting.remove(sequence);
    }

    /// The sequences that wait for this one's prompt and may now go on from it, and those that wait for them;
    /// they run from here on.
    List<Sequence> fork(Sequence leader) {
        List<Sequence> followers = new ArrayList<>();
        for (Sequence sequence : all().toList()) {
            boolean isRunning = running.contains(sequence);
            boolean hasRoom = isRunning || running.size() < maxRunning;
            if (sequence.follows(leader) && sequence.numGenerated() == 0 && hasRoom) {
                if (!isRunning) {
                    waiting.remove(sequence);
                    running.add(sequence);
                }
                sequence.fork(leader, cache);
                followers.add(sequence);
                followers.addAll(fork(sequence));
            }
        }
        return followers;
    }

    /// Charges a step to the tenants it was for.
    void charge(StepPlan.Share share) {
        double cost =
                share.decodes()
                        ? FairShares.GENERATED_TOKEN
                        : clock.rowsPerToken(share.sequence().isScored());
        fairShares.give(share.sequence().scope().tenant(), share.numTokens() * cost);
    }

    private void decode(StepPlan step) {
        for (Sequence sequence : List.copyOf(running)) {
            if (!sequence.isPrefilling()
                    && running.contains(sequence)
                    && makeRoomFor(sequence, 1, step)) {
                step.add(sequence, 1);
            }
        }
    }

    /// Lets waiting sequences in, each with room for its whole prompt and one token: or it would only
    /// have to give way again. Nobody overtakes one that does not fit yet.
    private void admit() {
        while (running.size() < maxRunning) {
            Sequence next =
                    waiting.stream()
                            .filter(sequence -> !sequence.waitsForLeader())
                            .min(urgent())
                            .orElse(null);
            if (next == null) {
                return;
            }
            next.adoptBlocks(cache);
            int numMissing = KvCache.blocksFor(next.numExpected()) - next.blocks().numBlocks();
            if (numMissing > cache.numFree()
                    || !tryReserve(next, next.numCached(), next.numTokens())) {
                cache.release(next.blocks());
                next.rewind();
                return;
            }
            waiting.remove(next);
            running.add(next);
        }
    }

    /// Tenants by what they have had, and each one's requests by their urgency: nobody comes before other
    /// tenants by calling all of its own urgent. Those who gave way come before others of their urgency.
    private Comparator<Sequence> urgent() {
        return Comparator.<Sequence>comparingDouble(
                        sequence -> fairShares.of(sequence.scope().tenant()))
                .thenComparingInt(sequence -> sequence.scope().priority())
                .thenComparing(sequence -> sequence.numGenerated() == 0);
    }

    private void prefill(StepPlan step, int numParties) {
        List<Sequence> prompts =
                new ArrayList<>(prefilling().filter(sequence -> !goesAlone(sequence)).toList());
        if (prompts.isEmpty()) {
            return;
        }
        int budget = clock.promptTokens(step.numTokens(), numParties, step.budget());
        if (++numPromptSteps % TURN_OF_FIRST != 0) {
            prompts.sort(urgent().thenComparingInt(Sequence::numUncached));
        }
        Set<Digest> beingComputed = new HashSet<>();
        if (pass != null) {
            beingComputed.add(passing().nextKey());
        }
        for (Sequence sequence : prompts) {
            if (!running.contains(sequence)) {
                continue;
            }
            Sequence forerunner = forerunner(sequence, step);
            sequence.follow(forerunner);
            if (forerunner != null || budget == 0) {
                continue;
            }
            sequence.adopt(cache);
            Digest next = sequence.nextKey();
            if (next != null && !beingComputed.add(next)) {
                continue; // another one computes it now; this one takes it over afterwards
            }
            double cost = clock.rowsPerToken(sequence.isScored());
            int numTokens = chunk(sequence, Math.max(1, (int) (budget / cost)));
            if (makeRoomFor(sequence, numTokens, step)) {
                step.add(sequence, numTokens);
                budget = Math.max(0, budget - (int) Math.ceil(numTokens * cost));
            }
        }
    }

    /// The sequence whose prompt is the same and ends with this step or the pass: both choose from what is
    /// computed once. Null if there is none.
    private Sequence forerunner(Sequence sequence, StepPlan step) {
        return Stream.concat(step.shares().stream(), Stream.ofNullable(pass))
                .filter(share -> cache.keeps() && share.endsPrompt())
                .map(StepPlan.Share::sequence)
                .filter(sequence::mayFollow)
                .findFirst()
                .orElse(null);
    }

    private Stream<Sequence> prefilling() {
        return running.stream()
                .filter(sequence -> sequence.isPrefilling() && sequence != passing());
    }

    /// Whether a prompt is computed in a pass: if it is the only work, or its context is long. While one
    /// is, others of short contexts are computed in steps.
    private boolean goesAlone(Sequence sequence) {
        boolean isOnlyWork =
                running.size() == 1 && waiting.stream().allMatch(Sequence::waitsForLeader);
        return hasLongContext(sequence) || isOnlyWork;
    }

    /// Whether a chunk of it takes much longer than one of a short prompt.
    static boolean hasLongContext(Sequence sequence) {
        return sequence.numCached() >= LONG_CONTEXT;
    }

    /// As many tokens as fit; if there are more, up to the end of a block, where another prompt's work
    /// may be taken over.
    private static int chunk(Sequence sequence, int budget) {
        if (sequence.numUncached() <= budget || budget < KvCache.BLOCK_SIZE) {
            return Math.min(sequence.numUncached(), budget);
        }
        return budget - (sequence.numCached() + budget) % KvCache.BLOCK_SIZE;
    }

    /// Lets the newest give way, who lose the least work, until this one's blocks fit.
    private boolean makeRoomFor(Sequence sequence, int numTokens, StepPlan step) {
        int end = sequence.numCached() + numTokens;
        while (!tryReserve(sequence, sequence.numCached(), end)) {
            Sequence last = lastInUrgency();
            running.remove(last);
            step.remove(last);
            cache.release(last.blocks());
            boolean wasBegun = last.preempt();
            waiting.addFirst(last);
            if (wasBegun) {
                Endings.tell(last, TokenSink::preempted);
            }
            counters.preemptions.increment();
            if (last == sequence) {
                return false;
            }
        }
        return true;
    }

    /// @throws UnplannedException if the system has no memory, though the cache has room
    private boolean tryReserve(Sequence sequence, int firstWritten, int numTokens) {
        try {
            return cache.tryReserve(sequence.blocks(), firstWritten, numTokens);
        } catch (RuntimeException | Error e) {
            throw new UnplannedException(sequence, e);
        }
    }

    private Sequence lastInUrgency() {
        Sequence last = null;
        for (Sequence sequence : running.reversed()) {
            if (sequence != passing()
                    && (last == null
                            || sequence.scope().tenant().equals(last.scope().tenant())
                                    && sequence.scope().priority() > last.scope().priority())) {
                last = sequence;
            }
        }
        return last;
    }
}
