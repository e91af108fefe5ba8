package io.moonglass.engine;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/// Generates tokens for many requests at once. One thread owns scheduler, cache and sequences; every
/// other thread hands it messages, so there is nothing to lock.
public final class Engine implements AutoCloseable {

    /// A submitted generation, as its caller holds it.
    public final class Ticket {
        private final List<Sequence> sequences;

        private Ticket(List<Sequence> sequences) {
            this.sequences = sequences;
        }

        /// Ends the branches before their next step; does nothing if they have ended. Any thread.
        public void cancel() {
            mailbox.add(new Mail.Cancel(sequences));
        }
    }

    private final DecoderWeights weights;
    private final EngineOptions options;
    private final KvCache cache;
    private final StepClock clock;
    private final StepRunner runner;
    private final ComputeTurns turns = new ComputeTurns(EngineLoop.SLICE_BESIDE_DECODING);
    private final EngineCounters counters = new EngineCounters();
    private final LinkedBlockingQueue<Mail> mailbox = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closing;

    /// Starts the engine's thread.
    ///
    /// @param team     used by the engine's thread alone; the caller closes it after the engine
    /// @param observer sees every step's values; [DecoderObserver#NONE] but in checks
    public Engine(
            DecoderWeights weights,
            EngineOptions options,
            ThreadTeam team,
            DecoderObserver observer) {
        this(weights, options, team, observer, new Speculation());
    }

    Engine(
            DecoderWeights weights,
            EngineOptions options,
            ThreadTeam team,
            DecoderObserver observer,
            Speculation speculation) {
        this.weights = weights;
        this.options = options;
        this.cache =
                new KvCache(
                        weights.config(),
                        options.cacheType(),
                        options.numCacheBlocks(),
                        options.keepsPrefixes());
        this.clock = new StepClock(options.stepTime());
        boolean speculates = options.speculates() && observer == DecoderObserver.NONE;
        Scheduler scheduler =
                new Scheduler(
                        cache,
                        clock,
                        new Drafting(speculates, speculation),
                        options.maxStepTokens(),
                        options.maxRunning(),
                        counters);
        Endings endings = new Endings(scheduler);
        this.runner =
                new StepRunner(
                        weights,
                        new Decoder(weights, cache, team),
                        cache,
                        scheduler,
                        endings,
                        counters,
                        observer,
                        team);
        EngineLoop loop =
                new EngineLoop(
                        mailbox,
                        scheduler,
                        runner,
                        endings,
                        cache,
                        clock,
                        speculation,
                        turns,
                        counters,
                        options.stepTime());
        this.thread = Thread.ofPlatform().name("moonglass-engine").start(loop::runUntilClosed);
    }

    /// Most tokens a prompt and its answer may have together.
    public int contextLength() {
        return (int)
                Math.min(
                        options.contextLength(),
                        (long) options.numCacheBlocks() * KvCache.BLOCK_SIZE);
    }

    /// Whether a prompt could ever be served, for callers that have costly things to do first.
    ///
    /// @throws InvalidRequestException if prompt and answer are longer than the context
    public void refuseTooLong(int numPromptTokens, int maxTokens) {
        if ((long) numPromptTokens + maxTokens > contextLength()) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.CONTEXT_LENGTH_EXCEEDED,
                    "messages",
                    "the prompt has %,d tokens and %,d more are asked for, the context holds %,d; shorten the prompt or lower max_tokens"
                            .formatted(numPromptTokens, maxTokens, contextLength()));
        }
    }

    /// Hands a request to the engine and returns at once. Any thread.
    ///
    /// @throws InvalidRequestException  if it could never be served
    /// @throws IllegalArgumentException if its image rows are no rows of this model
    /// @throws IllegalStateException    if the engine is closed
    public Ticket submit(GenerationRequest request) {
        refuseWhatCannotBeServed(request);
        request.images().forEach(image -> checkImageRows(image.rows()));
        if (closing) {
            throw new IllegalStateException("the engine is closed");
        }
        List<Sequence> sequences = sequencesOf(request);
        Mail mail = new Mail.Submit(sequences);
        mailbox.add(mail);
        if (closing && mailbox.remove(mail)) { // closed meanwhile: nobody would read it
            throw new IllegalStateException("the engine is closed");
        }
        return new Ticket(sequences);
    }

    /// Forgets what earlier prompts computed and no sequence uses, between two steps. Any thread.
    ///
    /// @return how many blocks of the cache that were
    public CompletableFuture<Integer> flushPrefixes() {
        CompletableFuture<Integer> numBlocks = new CompletableFuture<>();
        Mail mail = new Mail.Flush(numBlocks);
        mailbox.add(mail);
        if (closing && mailbox.remove(mail)) { // closed meanwhile: nobody would read it
            numBlocks.complete(0);
        }
        return numBlocks;
    }

    /// The turns that steps take, for others that compute on the same cores.
    public ComputeTurns turns() {
        return turns;
    }

    /// What was done until now. Any thread.
    public EngineStatistics statistics() {
        EngineCounters.Standing standing = counters.standing();
        return new EngineStatistics(
                standing.numRunning(),
                standing.numWaiting(),
                standing.numUncomputed(),
                counters.steps.sum(),
                counters.promptTokens.sum(),
                counters.cachedPromptTokens.sum(),
                counters.generatedTokens.sum(),
                counters.preemptions.sum(),
                counters.cancelledWaiting.sum(),
                counters.cancelledPrefilling.sum(),
                counters.cancelledDecoding.sum(),
                counters.draftedTokens.sum(),
                counters.acceptedTokens.sum(),
                counters.failedSteps.sum(),
                cache.numBlocks(),
                standing.blocksInUse(),
                standing.blocksKept(),
                clock.promptTokensPerSecond(),
                counters.sinceProgress());
    }

    /// Cancels what runs, waits for the thread and gives the memory back; does nothing the second
    /// time. Any thread but the engine's own, which sinks are called on.
    @Override
    public synchronized void close() {
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException(
                    "a sink must not close the engine: it would wait for itself");
        }
        if (closing) {
            return;
        }
        closing = true;
        mailbox.add(new Mail.Close());
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        runner.close();
        cache.close();
    }

    /// Belongs to the engine's thread until [#close()] has returned.
    KvCache cache() {
        return cache;
    }

    private void refuseWhatCannotBeServed(GenerationRequest request) {
        int numPrompt = request.tokenIds().length;
        if (numPrompt == 0) {
            throw InvalidRequestException.invalidValue(
                    "messages", "the prompt is empty; want at least one token");
        }
        if (request.maxTokens() < 0) {
            throw InvalidRequestException.invalidValue(
                    "max_tokens",
                    "max_tokens is %d; want 0 or more".formatted(request.maxTokens()));
        }
        refuseTooLong(numPrompt, request.maxTokens());
        request.branches().forEach(branch -> refuse(branch.sampling(), request.maxTokens()));
        int numImageTokens = 0;
        for (int position = 0; position < numPrompt; position++) {
            int tokenId = request.tokenIds()[position];
            if (tokenId < 0 || tokenId >= weights.config().vocabSize()) {
                throw InvalidRequestException.invalidValue(
                        "messages",
                        "the prompt holds token id %d, the model knows ids below %d"
                                .formatted(tokenId, weights.config().vocabSize()));
            }
            numImageTokens += request.isImage(position) ? 1 : 0;
        }
        int numImageRows = request.numImageRows();
        if (numImageTokens != numImageRows) {
            throw InvalidRequestException.invalidValue(
                    "messages",
                    "the prompt has %d image tokens, the pictures make %d"
                            .formatted(numImageTokens, numImageRows));
        }
    }

    /// What can only be told by the model and by what else is asked for.
    private void refuse(SamplingParameters sampling, int maxTokens) {
        if (sampling.minTokens() > maxTokens) {
            throw InvalidRequestException.invalidValue(
                    "min_tokens",
                    "min_tokens is %d, max_tokens %d; want no more than that"
                            .formatted(sampling.minTokens(), maxTokens));
        }
        for (int tokenId : sampling.logitBias().keySet()) {
            if (tokenId < 0 || tokenId >= weights.config().vocabSize()) {
                throw InvalidRequestException.invalidValue(
                        "logit_bias",
                        "logit_bias holds token id %d, the model knows ids from 0 to %d"
                                .formatted(tokenId, weights.config().vocabSize() - 1));
            }
        }
    }

    /// Rows that cannot be read in a step would end the others of that step too.
    private void checkImageRows(FloatMatrix rows) {
        if (rows.numColumns() != weights.config().hiddenSize()
                || !rows.data().isAccessibleBy(thread)) {
            throw new IllegalArgumentException(
                    "image rows of %d values, %s; want %d values that the engine's thread may read"
                            .formatted(
                                    rows.numColumns(), rows.data(), weights.config().hiddenSize()));
        }
    }

    /// One for each branch; the others go on from the prompt that the first computes.
    private List<Sequence> sequencesOf(GenerationRequest request) {
        int vocabSize = weights.config().vocabSize();
        BlockKeys keys = new BlockKeys(request);
        List<Sequence> sequences = new ArrayList<>();
        for (Branch branch : request.branches()) {
            Sequence leader = sequences.isEmpty() ? null : sequences.getFirst();
            sequences.add(new Sequence(request, branch, keys.copy(), leader, vocabSize));
        }
        return List.copyOf(sequences);
    }
}
