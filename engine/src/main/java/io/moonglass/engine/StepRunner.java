package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Computes planned steps, and chooses the tokens that come next. Engine thread only.
final class StepRunner implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(StepRunner.class.getName());

    private final Decoder decoder;
    private final KvCache cache;
    private final Scheduler scheduler;
    private final Endings endings;
    private final EngineCounters counters;
    private final DecoderObserver observer;
    private final int hiddenSize;
    private final int vocabSize;
    private final Workspace workspace = new Workspace();

    StepRunner(
            DecoderWeights weights,
            Decoder decoder,
            KvCache cache,
            Scheduler scheduler,
            Endings endings,
            EngineCounters counters,
            DecoderObserver observer) {
        this.decoder = decoder;
        this.cache = cache;
        this.scheduler = scheduler;
        this.endings = endings;
        this.counters = counters;
        this.observer = observer;
        this.hiddenSize = weights.config().hiddenSize();
        this.vocabSize = weights.config().vocabSize();
    }

    @Override
    public void close() {
        workspace.close();
    }

    /// One forward pass. A fault ends the sequences of this step and no others.
    ///
    /// @param betweenLayers may run other steps
    /// @throws PassAbandonedException if `betweenLayers` does; then nothing was computed
    void run(StepPlan step, Runnable betweenLayers) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix hidden = frame.matrix(step.numTokens(), hiddenSize);
            decoder.forward(hidden, chunksOf(step, hidden), workspace, observer, betweenLayers);
            FloatMatrix logits = logitsAtEnds(step, hidden, frame);
            int row = 0;
            for (StepPlan.Share share : step.shares()) {
                int numEnds = share.numEnds();
                advance(share);
                if (numEnds > 0) {
                    chooseNext(share, logits.rows(row, numEnds));
                    row += numEnds;
                }
            }
        } catch (PassAbandonedException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a step failed", e);
            counters.failedSteps.increment();
            for (StepPlan.Share share : step.shares()) {
                endings.fail(share.sequence(), e);
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
            embed(share, first, end, hidden, row);
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

    private void embed(StepPlan.Share share, int from, int to, FloatMatrix hidden, int row) {
        Sequence sequence = share.sequence();
        GenerationRequest request = sequence.request();
        for (int position = from; position < to; position++, row++) {
            if (position < sequence.numPromptTokens() && request.isImage(position)) {
                hidden.rows(row, 1).copyFrom(request.imageRow(sequence.nextImageRow()));
            } else {
                decoder.embed(share.tokenId(position), hidden, row);
            }
        }
    }

    /// Logits of all rows that tokens are chosen from, in order of shares.
    private FloatMatrix logitsAtEnds(StepPlan step, FloatMatrix hidden, Workspace.Frame frame) {
        int numEnds = step.numEnds();
        FloatMatrix ends = frame.matrix(numEnds, hidden.numColumns());
        int row = 0;
        int end = 0;
        for (StepPlan.Share share : step.shares()) {
            row += share.numTokens();
            int count = share.numEnds();
            if (count > 0) {
                ends.rows(end, count).copyFrom(hidden.rows(row - count, count));
                end += count;
            }
        }
        FloatMatrix logits = frame.matrix(numEnds, vocabSize);
        decoder.logits(ends, logits, workspace);
        return logits;
    }

    /// The share's tokens are in the cache now; which of the guesses may stay is not known yet.
    private void advance(StepPlan.Share share) {
        scheduler.charge(share);
        share.sequence().cached(share.numTokens() - share.draft().length);
        share.sequence().publish(cache);
    }

    /// @param logits `[1 + draft length, vocabSize]`
    private void chooseNext(StepPlan.Share share, FloatMatrix logits) {
        Sequence sequence = share.sequence();
        List<Sequence> followers = List.of();
        if (sequence.numGenerated() == 0) {
            promptComputed(sequence);
            followers = scheduler.fork(sequence);
        }
        int[] draft = share.draft();
        int numRight = 0;
        boolean goesOn = chooseNext(sequence, logits.rows(0, 1));
        while (goesOn
                && numRight < draft.length
                && sequence.tokenId(sequence.numTokens() - 1) == draft[numRight]) {
            numRight++;
            goesOn = chooseNext(sequence, logits.rows(numRight, 1));
        }
        if (draft.length > 0) {
            sequence.cached(numRight);
            sequence.drafts().compared(draft.length, numRight);
            counters.draftedTokens.add(draft.length);
            counters.acceptedTokens.add(numRight);
        }
        for (Sequence follower : followers) {
            promptComputed(follower);
            chooseNext(follower, logits.rows(0, 1));
        }
    }

    private void promptComputed(Sequence sequence) {
        int numCached = Math.min(sequence.numAdopted(), sequence.numPromptTokens());
        counters.promptTokens.add(sequence.numPromptTokens());
        counters.cachedPromptTokens.add(numCached);
        tell(sequence, () -> sequence.sink().promptComputed(numCached));
    }

    /// Chooses one token with the sequence's own sampler, guessed or not: so the tokens are those that it
    /// would have without guesses.
    ///
    /// @return whether the sequence goes on
    private boolean chooseNext(Sequence sequence, FloatMatrix logits) {
        GenerationRequest request = sequence.request();
        return tell(
                sequence,
                () -> {
                    observer.logits(logits);
                    float[] row = new float[logits.numColumns()];
                    MemorySegment.copy(
                            logits.data(), ValueLayout.JAVA_FLOAT, 0, row, 0, row.length);
                    int tokenId = sequence.sampler().sample(row);
                    sequence.append(tokenId);
                    counters.generatedTokens.increment();
                    boolean goesOn = sequence.sink().accept(tokenId);
                    if (!goesOn || request.stopTokenIds().contains(tokenId)) {
                        endings.finish(sequence, FinishReason.STOP);
                    } else if (sequence.numGenerated() >= request.maxTokens()) {
                        endings.finish(sequence, FinishReason.LENGTH);
                    }
                });
    }

    /// A fault in what concerns one sequence ends that one.
    ///
    /// @return whether the sequence goes on
    private boolean tell(Sequence sequence, Runnable news) {
        try {
            news.run();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a generation failed", e);
            endings.fail(sequence, e);
        }
        return !sequence.hasEnded();
    }
}
