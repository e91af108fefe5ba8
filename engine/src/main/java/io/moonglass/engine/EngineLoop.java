package io.moonglass.engine;

import io.moonglass.tensor.ComputeTurns;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/// What the engine's thread does: it reads mail, plans steps and computes them, one after the other.
///
/// A prompt that is alone, or whose context is so long that a chunk of it takes seconds, is computed in a
/// pass of its own, in large chunks. Between two layers of it the others have their steps, so that they
/// wait for a layer and not for a pass.
final class EngineLoop {

    private static final System.Logger LOG = System.getLogger(EngineLoop.class.getName());

    /// How long others compute while only decoding waits for them.
    static final Duration SLICE_BESIDE_DECODING = Duration.ofMillis(200);

    private final LinkedBlockingQueue<Mail> mailbox;
    private final Scheduler scheduler;
    private final StepRunner runner;
    private final Endings endings;
    private final KvCache cache;
    private final StepClock clock;
    private final Speculation speculation;
    private final ComputeTurns turns;
    private final EngineCounters counters;
    private final Duration stepTime;
    private boolean open = true;

    EngineLoop(
            LinkedBlockingQueue<Mail> mailbox,
            Scheduler scheduler,
            StepRunner runner,
            Endings endings,
            KvCache cache,
            StepClock clock,
            Speculation speculation,
            ComputeTurns turns,
            EngineCounters counters,
            Duration stepTime) {
        this.mailbox = mailbox;
        this.scheduler = scheduler;
        this.runner = runner;
        this.endings = endings;
        this.cache = cache;
        this.clock = clock;
        this.speculation = speculation;
        this.turns = turns;
        this.counters = counters;
        this.stepTime = stepTime;
    }

    void runUntilClosed() {
        while (open) {
            try {
                if (scheduler.isIdle()) {
                    readMail(awaitMail());
                } else {
                    computeInTurn();
                }
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "the engine's plan is broken", e);
                scheduler.all().toList().forEach(sequence -> endings.fail(sequence, e));
            } finally {
                stand();
            }
        }
    }

    /// Planned when its turn has come: what was cancelled until then is not computed.
    private void computeInTurn() {
        turns.take();
        try {
            readMail(mailbox.poll());
            step();
            StepPlan pass = planned(scheduler::nextPass);
            if (!pass.isEmpty()) {
                new Pass(pass).run();
            }
        } finally {
            turns.give();
        }
    }

    /// @return whether there was anything to compute
    private boolean step() {
        StepPlan step = planned(() -> scheduler.nextStep(numParties()));
        if (step.isEmpty()) {
            return false;
        }
        int numPrefill = step.numPrefillTokens();
        int numDecode = step.numDecodeTokens();
        long begin = System.nanoTime();
        StepRunner.Outcome outcome = runner.run(step, () -> {});
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (outcome.succeeded()) {
            measured(numPrefill + numDecode, numPrefill, seconds, outcome.scored());
        }
        if (outcome.succeeded() && numPrefill == 0) {
            speculation.measured(numDecode, seconds);
        }
        turns.setSlice(numPrefill == 0 ? SLICE_BESIDE_DECODING : slice());
        counters.steps.increment();
        counters.progressed();
        return true;
    }

    private void measured(int numRows, int numPrefill, double seconds, PromptScorer.Scored scored) {
        clock.measured(numRows, numPrefill, seconds - scored.seconds());
        if (scored.numRows() > 0) {
            clock.scored(scored.numRows(), scored.seconds());
        }
    }

    /// What was planned, or nothing if a sequence got no memory: that one ends, and the others are planned
    /// anew.
    private StepPlan planned(Supplier<StepPlan> plan) {
        try {
            return plan.get();
        } catch (UnplannedException e) {
            LOG.log(System.Logger.Level.ERROR, "a sequence got no memory", e);
            endings.fail(e.sequence(), e.getCause());
            return StepPlan.EMPTY;
        }
    }

    /// One chunk of a prompt that goes alone.
    private final class Pass {
        private final StepPlan plan;
        private final Sequence sequence;
        private final long begin = System.nanoTime();
        private long lastOthersAt = begin;
        private long interrupted;

        Pass(StepPlan plan) {
            this.plan = plan;
            this.sequence = scheduler.passing();
        }

        void run() {
            boolean tellsRate = !Scheduler.hasLongContext(sequence);
            int numTokens = plan.numTokens();
            turns.setSlice(slice());
            try {
                StepRunner.Outcome outcome = runner.run(plan, this::letOthersGoOn);
                if (outcome.succeeded() && tellsRate) {
                    long nanos = System.nanoTime() - begin - interrupted;
                    measured(numTokens, numTokens, nanos / 1e9, outcome.scored());
                }
                counters.steps.increment();
                counters.progressed();
            } catch (PassAbandonedException e) {
                LOG.log(System.Logger.Level.DEBUG, "a prompt was given up between two layers");
            } finally {
                scheduler.endPass();
                if (sequence.isAbandoned()) {
                    cancel(sequence);
                }
            }
        }

        /// Between two layers, or two pieces of logits.
        private void letOthersGoOn() {
            long now = System.nanoTime();
            counters.progressed();
            turns.pause();
            readMail(mailbox.poll());
            if (sequence.isAbandoned()) {
                throw new PassAbandonedException();
            }
            if (now - lastOthersAt >= slice().toNanos() && step()) {
                stand();
                lastOthersAt = System.nanoTime();
            }
            interrupted += System.nanoTime() - now;
        }
    }

    /// The part of a step's time that each of those has who compute in turn.
    private Duration slice() {
        return stepTime.dividedBy(Math.max(2, numParties()));
    }

    /// Steps, a pass between whose layers they are, and whoever else wants the cores.
    private int numParties() {
        return 1 + (scheduler.passing() == null ? 0 : 1) + (turns.isWanted() ? 1 : 0);
    }

    /// Says how the engine stands, for those who ask.
    private void stand() {
        long numUncomputed =
                scheduler
                        .all()
                        .mapToLong(s -> Math.max(0, s.numPromptTokens() - s.numCached()))
                        .sum();
        counters.stands(
                new EngineCounters.Standing(
                        scheduler.running().size(),
                        scheduler.waiting().size(),
                        numUncomputed,
                        cache.numBlocks() - cache.numFree(),
                        cache.numKept()));
        if (scheduler.isIdle()) {
            counters.idle();
        } else {
            counters.busy();
        }
    }

    /// Reads this mail and all behind it.
    private void readMail(Mail first) {
        for (Mail mail = first; mail != null && open; mail = mailbox.poll()) {
            switch (mail) {
                case Mail.Submit(var sequences) -> sequences.forEach(scheduler::add);
                case Mail.Cancel(var sequences) -> sequences.forEach(this::cancel);
                case Mail.Flush(var numBlocks) -> {
                    int numForgotten = cache.forgetKept();
                    stand();
                    numBlocks.complete(numForgotten);
                }
                case Mail.Close() -> { // mail behind it is taken back by who sent it
                    open = false;
                    scheduler.all().toList().forEach(this::cancel);
                }
            }
        }
    }

    /// A sequence in a pass is only given up: its blocks are being written to.
    private void cancel(Sequence sequence) {
        if (sequence == scheduler.passing()) {
            sequence.abandon();
        } else if (!sequence.hasEnded()) {
            boolean isRunning = scheduler.running().contains(sequence);
            counters.cancelled(isRunning, sequence.isPrefilling());
            endings.finish(sequence, FinishReason.CANCELLED);
        }
    }

    private Mail awaitMail() {
        while (true) {
            try {
                return mailbox.take();
            } catch (InterruptedException e) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "the engine's thread ends by close(), not by interruption");
            }
        }
    }
}
