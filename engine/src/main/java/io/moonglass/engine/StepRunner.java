package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
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
    private final ThreadTeam team;
    private final float[][] scratch;
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
            DecoderObserver observer,
            ThreadTeam team) {
        this.decoder = decoder;
        this.cache = cache;
        this.scheduler = scheduler;
        this.endings = endings;
        this.counters = counters;
        this.observer = observer;
        this.hiddenSize = weights.config().hiddenSize();
        this.vocabSize = weights.config().vocabSize();
        this.team = team;
        this.scratch = new float[team.size()][vocabSize];
    }

    @Override
    public void close() {
        workspace.close();
    }

    /// One forward pass. A fault ends the sequences of this step and no others.
    ///
    /// @return whether there was none
    /// @param betweenLayers may run other steps
    /// @throws PassAbandonedException if `betweenLayers` does; then nothing was computed
    boolean run(StepPlan step, Runnable betweenLayers) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix hidden = frame.matrix(step.numTokens(), hiddenSize);
            decoder.forward(hidden, chunksOf(step, hidden), workspace, observer, betweenLayers);
            FloatMatrix logits = logitsAtEnds(step, hidden, frame);
            List<TokenChoice> choices = chooseTogether(step, logits);
            int row = 0;
            for (int i = 0; i < step.shares().size(); i++) {
                StepPlan.Share share = step.shares().get(i);
                int numEnds = share.numEnds();
                advance(share);
                if (numEnds > 0) {
                    FloatMatrix rows = logits.rows(row, numEnds);
                    TokenChoice choice = choices.isEmpty() ? choose(share, rows) : choices.get(i);
                    accept(share, choice, rows);
                    row += numEnds;
                }
            }
            return true;
        } catch (PassAbandonedException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a step failed", e);
            counters.failedSteps.increment();
            for (StepPlan.Share share : step.shares()) {
                endings.fail(share.sequence(), e);
            }
            return false;
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

    /// The choices of all shares, each on a thread of the team: drawing a token takes milliseconds, and
    /// steps have many. Nothing where an observer must see one after the other.
    private List<TokenChoice> chooseTogether(StepPlan step, FloatMatrix logits) {
        if (observer != DecoderObserver.NONE) {
            return List.of();
        }
        List<StepPlan.Share> shares = step.shares();
        int[] firstRow = new int[shares.size() + 1];
        for (int i = 0; i < shares.size(); i++) {
            firstRow[i + 1] = firstRow[i] + shares.get(i).numEnds();
        }
        TokenChoice[] choices = new TokenChoice[shares.size()];
        team.run(
                shares.size(),
                (i, member) -> {
                    int numEnds = shares.get(i).numEnds();
                    if (numEnds > 0) {
                        choices[i] =
                                TokenChoice.of(
                                        shares.get(i).sequence(),
                                        shares.get(i).draft(),
                                        logits.rows(firstRow[i], numEnds),
                                        scratch[member]);
                    }
                });
        return Arrays.asList(choices);
    }

    private TokenChoice choose(StepPlan.Share share, FloatMatrix logits) {
        observer.logits(logits);
        return TokenChoice.of(share.sequence(), share.draft(), logits, scratch[0]);
    }

    /// @param logits what the choice was made from
    private void accept(StepPlan.Share share, TokenChoice choice, FloatMatrix logits) {
        Sequence sequence = share.sequence();
        List<Sequence> followers = List.of();
        if (sequence.numGenerated() == 0) {
            followers = scheduler.fork(sequence); // before a sink may end it
            promptComputed(sequence);
        }
        int numRight = Math.max(0, choice.tokenIds().length - 1);
        if (share.draft().length > 0) {
            sequence.cached(numRight);
            sequence.drafts().compared(share.draft().length, numRight);
            counters.draftedTokens.add(share.draft().length);
            counters.acceptedTokens.add(numRight);
        }
        accept(sequence, choice);
        for (Sequence follower : followers) {
            promptComputed(follower);
            accept(follower, TokenChoice.of(follower, StepPlan.NO_DRAFT, logits, scratch[0]));
        }
    }

    private void accept(Sequence sequence, TokenChoice choice) {
        for (int tokenId : choice.tokenIds()) {
            if (sequence.hasEnded()) {
                return;
            }
            tell(sequence, () -> accept(sequence, tokenId));
        }
        if (choice.fault() != null && !sequence.hasEnded()) {
            LOG.log(System.Logger.Level.ERROR, "no token could be chosen", choice.fault());
            endings.fail(sequence, choice.fault());
        }
    }

    private void accept(Sequence sequence, int tokenId) {
        GenerationRequest request = sequence.request();
        sequence.append(tokenId);
        counters.generatedTokens.increment();
        boolean goesOn = sequence.sink().accept(tokenId, null);
        if (!goesOn || request.stopTokenIds().contains(tokenId)) {
            endings.finish(sequence, FinishReason.STOP);
        } else if (sequence.numGenerated() >= request.maxTokens()) {
            endings.finish(sequence, FinishReason.LENGTH);
        }
    }

    private void promptComputed(Sequence sequence) {
        int numCached = Math.min(sequence.numAdopted(), sequence.numPromptTokens());
        counters.promptTokens.add(sequence.numPromptTokens());
        counters.cachedPromptTokens.add(numCached);
        tell(sequence, () -> sequence.sink().promptComputed(numCached));
    }

    /// A fault in what concerns one sequence ends that one.
    private void tell(Sequence sequence, Runnable news) {
        try {
            news.run();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a generation failed", e);
            endings.fail(sequence, e);
        }
    }
}
