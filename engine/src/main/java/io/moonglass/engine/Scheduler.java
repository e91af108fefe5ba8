package io.moonglass.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Decides which sequences take part in the next step. Engine thread only.
///
/// Sequences run in order of arrival. When the cache is full the newest gives way: it loses its
/// blocks and starts over later, with the same result.
final class Scheduler {

    private final KvCache cache;
    private final int maxStepTokens;
    private final int maxRunning;
    private final List<Sequence> running = new ArrayList<>();
    private final Deque<Sequence> waiting = new ArrayDeque<>();

    /// @param maxStepTokens tokens of one forward pass; bounds its scratch memory
    /// @param maxRunning    sequences that share the cache at once
    Scheduler(KvCache cache, int maxStepTokens, int maxRunning) {
        this.cache = cache;
        this.maxStepTokens = maxStepTokens;
        this.maxRunning = maxRunning;
    }

    void add(Sequence sequence) {
        waiting.add(sequence);
    }

    List<Sequence> running() {
        return running;
    }

    Deque<Sequence> waiting() {
        return waiting;
    }

    /// May be asked from any thread; then it is about right.
    int numRunning() {
        return running.size();
    }

    int numWaiting() {
        return waiting.size();
    }

    long numUncomputed() {
        return 0;
    }

    /// Plans one forward pass. Running sequences go first, so that their readers see a steady
    /// stream; waiting prompts share what is left of the token budget.
    StepPlan nextStep() {
        StepPlan step = new StepPlan(maxStepTokens);
        continueRunning(step);
        admitWaiting(step);
        return step;
    }

    /// Takes a sequence out, wherever it is, and its blocks back.
    ///
    /// @return false if it had been taken out before
    boolean remove(Sequence sequence) {
        cache.release(sequence.blocks());
        return running.remove(sequence) || waiting.remove(sequence);
    }

    /// Those that decode before those that prefill: one long prompt never stalls a stream.
    private void continueRunning(StepPlan step) {
        List<Sequence> decodingFirst = new ArrayList<>(running);
        decodingFirst.sort((a, b) -> Boolean.compare(a.isPrefilling(), b.isPrefilling()));
        for (Sequence sequence : decodingFirst) {
            int numTokens = Math.min(sequence.numUncached(), step.budget());
            if (numTokens > 0
                    && running.contains(sequence)
                    && makeRoomFor(sequence, numTokens, step)) {
                step.add(sequence, numTokens);
            }
        }
    }

    private void admitWaiting(StepPlan step) {
        while (!waiting.isEmpty() && step.budget() > 0 && running.size() < maxRunning) {
            Sequence sequence = waiting.peek();
            int numTokens = Math.min(sequence.numUncached(), step.budget());
            // Its whole prompt and one token must fit, or it would only be preempted again.
            if (KvCache.blocksFor(sequence.numTokens() + 1) > cache.numFree()
                    || !cache.tryReserve(sequence.blocks(), sequence.numTokens())) {
                return;
            }
            waiting.remove();
            running.add(sequence);
            step.add(sequence, numTokens);
        }
    }

    /// Preempts the newest sequences, which lose the least work, until this one's blocks fit.
    private boolean makeRoomFor(Sequence sequence, int numTokens, StepPlan step) {
        while (!cache.tryReserve(sequence.blocks(), sequence.numCached() + numTokens)) {
            Sequence newest = running.removeLast();
            step.remove(newest);
            cache.release(newest.blocks());
            newest.rewind();
            waiting.addFirst(newest);
            if (newest == sequence) {
                return false;
            }
        }
        return true;
    }
}
