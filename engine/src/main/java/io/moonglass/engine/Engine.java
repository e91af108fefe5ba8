package io.moonglass.engine;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;

/// Generates tokens for many requests at once. One thread owns scheduler, cache and sequences; every
/// other thread hands it messages, so there is nothing to lock.
public final class Engine implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Engine.class.getName());

    private static final Duration DEFAULT_SLICE = Duration.ofMillis(200);

    private sealed interface Mail {
        record Submit(List<Sequence> sequences) implements Mail {}

        record Cancel(List<Sequence> sequences) implements Mail {}

        record Close() implements Mail {}
    }

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
    private final Decoder decoder;
    private final Scheduler scheduler;
    private final DecoderObserver observer;
    private final ComputeTurns turns = new ComputeTurns(DEFAULT_SLICE);
    private final EngineCounters counters = new EngineCounters();
    private final Workspace workspace = new Workspace();
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
        this.weights = weights;
        this.options = options;
        this.observer = observer;
        this.cache = new KvCache(weights.config(), options.cacheType(), options.numCacheBlocks());
        this.decoder = new Decoder(weights, cache, team);
        this.scheduler = new Scheduler(cache, options.maxStepTokens(), options.maxRunning());
        this.thread = Thread.ofPlatform().name("moonglass-engine").start(this::runUntilClosed);
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
        int vocabSize = weights.config().vocabSize();
        List<Sequence> sequences =
                request.branches().stream()
                        .map(branch -> new Sequence(request, branch, vocabSize))
                        .toList();
        Mail mail = new Mail.Submit(sequences);
        mailbox.add(mail);
        if (closing && mailbox.remove(mail)) { // closed meanwhile: nobody would read it
            throw new IllegalStateException("the engine is closed");
        }
        return new Ticket(sequences);
    }

    /// The turns that steps take, for others that compute on the same cores.
    public ComputeTurns turns() {
        return turns;
    }

    /// What was done until now. Any thread.
    public EngineStatistics statistics() {
        return new EngineStatistics(
                scheduler.numRunning(),
                scheduler.numWaiting(),
                scheduler.numUncomputed(),
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
                cache.numBlocks() - cache.numFree(),
                0,
                0,
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
        workspace.close();
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
        if (request.maxTokens() < 1) {
            throw InvalidRequestException.invalidValue(
                    "max_tokens",
                    "max_tokens is %d; want 1 or more".formatted(request.maxTokens()));
        }
        refuseTooLong(numPrompt, request.maxTokens());
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

    private void runUntilClosed() {
        boolean open = true;
        while (open) {
            try {
                open = readMail();
                StepPlan step = scheduler.nextStep();
                if (!step.isEmpty()) {
                    turns.take();
                    try {
                        run(step);
                    } finally {
                        turns.give();
                    }
                    counters.steps.increment();
                    counters.progressed();
                }
            } catch (RuntimeException | Error e) { // no memory for the cache, for one
                LOG.log(System.Logger.Level.ERROR, "a step could not be planned", e);
                allSequences().forEach(sequence -> fail(sequence, e));
            }
        }
    }

    /// Reads all mail; waits for some if there is nothing to compute.
    ///
    /// @return false once the engine is closed
    private boolean readMail() {
        boolean idle = scheduler.running().isEmpty() && scheduler.waiting().isEmpty();
        for (Mail mail = idle ? awaitMail() : mailbox.poll(); mail != null; mail = mailbox.poll()) {
            switch (mail) {
                case Mail.Submit(List<Sequence> sequences) -> sequences.forEach(scheduler::add);
                case Mail.Cancel(List<Sequence> sequences) ->
                        sequences.forEach(s -> finish(s, FinishReason.CANCELLED));
                case Mail.Close() -> { // mail behind it is taken back by who sent it
                    allSequences().forEach(s -> finish(s, FinishReason.CANCELLED));
                    return false;
                }
            }
        }
        return true;
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

    private List<Sequence> allSequences() {
        List<Sequence> all = new ArrayList<>(scheduler.running());
        all.addAll(scheduler.waiting());
        return all;
    }

    /// One forward pass. A fault ends the sequences of this step and no others.
    private void run(StepPlan step) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix hidden = frame.matrix(step.numTokens(), weights.config().hiddenSize());
            List<Chunk> chunks = chunksOf(step, hidden);
            decoder.forward(hidden, chunks, workspace, observer);
            FloatMatrix logits = logitsAtEnds(step, hidden, frame);
            int row = 0;
            for (StepPlan.Share share : step.shares()) {
                boolean reachesEnd = share.reachesEnd();
                share.sequence().cached(share.numTokens());
                if (reachesEnd) {
                    chooseNext(share.sequence(), logits.rows(row++, 1));
                }
            }
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a step failed", e);
            for (StepPlan.Share share : step.shares()) {
                fail(share.sequence(), e);
            }
        }
    }

    /// Embeds the step's tokens and says where their sequences' keys lie. A sequence that replays its
    /// own answer has two chunks: prompt tokens expanded, generated ones absorbed.
    private List<Chunk> chunksOf(StepPlan step, FloatMatrix hidden) {
        List<Chunk> chunks = new ArrayList<>();
        int row = 0;
        for (StepPlan.Share share : step.shares()) {
            Sequence sequence = share.sequence();
            int first = sequence.numCached();
            int end = first + share.numTokens();
            int endOfPrompt = Math.clamp(sequence.numPromptTokens(), first, end);
            embed(sequence, first, end, hidden, row);
            addChunk(chunks, sequence, row, first, endOfPrompt, Chunk.Form.EXPANDED);
            addChunk(
                    chunks,
                    sequence,
                    row + endOfPrompt - first,
                    endOfPrompt,
                    end,
                    Chunk.Form.ABSORBED);
            row += share.numTokens();
        }
        return chunks;
    }

    private static void addChunk(
            List<Chunk> chunks, Sequence sequence, int row, int from, int to, Chunk.Form form) {
        if (from < to) {
            chunks.add(new Chunk(sequence.blocks(), row, from, to - from, form));
        }
    }

    private void embed(Sequence sequence, int from, int to, FloatMatrix hidden, int row) {
        GenerationRequest request = sequence.request();
        for (int position = from; position < to; position++, row++) {
            if (position < sequence.numPromptTokens() && request.isImage(position)) {
                hidden.rows(row, 1).copyFrom(request.imageRow(sequence.nextImageRow()));
            } else {
                decoder.embed(sequence.tokenId(position), hidden, row);
            }
        }
    }

    /// Logits of the last row of every share that reaches its sequence's end, in order of shares.
    private FloatMatrix logitsAtEnds(StepPlan step, FloatMatrix hidden, Workspace.Frame frame) {
        int numEnds = (int) step.shares().stream().filter(StepPlan.Share::reachesEnd).count();
        FloatMatrix ends = frame.matrix(numEnds, hidden.numColumns());
        int row = 0;
        int end = 0;
        for (StepPlan.Share share : step.shares()) {
            row += share.numTokens();
            if (share.reachesEnd()) {
                ends.rows(end++, 1).copyFrom(hidden.rows(row - 1, 1));
            }
        }
        FloatMatrix logits = frame.matrix(numEnds, weights.config().vocabSize());
        decoder.logits(ends, logits, workspace);
        return logits;
    }

    private void chooseNext(Sequence sequence, FloatMatrix logits) {
        GenerationRequest request = sequence.request();
        try {
            observer.logits(logits);
            float[] row = new float[logits.numColumns()];
            MemorySegment.copy(logits.data(), ValueLayout.JAVA_FLOAT, 0, row, 0, row.length);
            int tokenId = sequence.sampler().sample(row);
            sequence.append(tokenId);
            boolean goOn = sequence.sink().accept(tokenId);
            if (!goOn || request.stopTokenIds().contains(tokenId)) {
                finish(sequence, FinishReason.STOP);
            } else if (sequence.numGenerated() >= request.maxTokens()) {
                finish(sequence, FinishReason.LENGTH);
            }
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a generation failed", e);
            fail(sequence, e);
        }
    }

    /// Does nothing if the sequence has ended: its sink is told once.
    private void finish(Sequence sequence, FinishReason reason) {
        if (scheduler.remove(sequence)) {
            tell(() -> sequence.sink().finished(reason));
        }
    }

    /// Does nothing if the sequence has ended: its sink is told once.
    private void fail(Sequence sequence, Throwable fault) {
        if (scheduler.remove(sequence)) {
            RuntimeException told =
                    fault instanceof RuntimeException e ? e : new IllegalStateException(fault);
            tell(() -> sequence.sink().failed(told));
        }
    }

    /// A sink that throws harms nobody but its own caller.
    private static void tell(Runnable news) {
        try {
            news.run();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a caller's sink failed", e);
        }
    }
}
