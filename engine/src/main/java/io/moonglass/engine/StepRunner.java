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
    private final PromptScorer scorer;
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
        this.scorer = new PromptScorer(decoder, team, workspace, vocabSize);
    }

    @Override
    public void close() {
        workspace.close();
    }

    /// @param succeeded whether there was no fault
    /// @param scored    what was done for prompts that are scored
    record Outcome(boolean succeeded, PromptScorer.Scored scored) {
        private static final Outcome FAILED = new Outcome(false, new PromptScorer.Scored(0, 0));
    }

    /// One forward pass. A fault ends the sequences of this step and no others.
    ///
    /// @param betweenLayers may run other steps
    /// @throws PassAbandonedException if `betweenLayers` does; then nothing was computed
    Outcome run(StepPlan step, Runnable betweenLayers) {
        step.shares().forEach(share -> begin(share.sequence()));
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix hidden = frame.matrix(step.numTokens(), hiddenSize);
            decoder.forward(hidden, chunksOf(step, hidden), workspace, observer, betweenLayers);
            PromptScorer.Scored scored = scorer.score(step, hidden, scratch, betweenLayers);
            FloatMatrix logits = logitsAtEnds(step, hidden, frame);
            List<TokenChoice> choices = chooseTogether(step, logits);
            int row = 0;
            for (int i = 0; i < step.shares().size(); i++) {
                StepPlan.Share share = step.shares().get(i);
                FloatMatrix rows = logits.rows(row, share.numEnds());
                row += share.numEnds();
                TokenChoice choice = choices.isEmpty() ? choose(share, rows) : choices.get(i);
                finish(share, choice, rows);
            }
            return new Outcome(true, scored);
        } catch (PassAbandonedException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a step failed", e);
            counters.failedSteps.increment();
            for (StepPlan.Share share : step.shares()) {
                endings.fail(share.sequence(), e);
            }
            return Outcome.FAILED;
        }
    }

    private void begin(Sequence sequence) {
        if (sequence.begin()) {
            Endings.tell(sequence, TokenSink::begun); // a fault ends nothing: it is planned already
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
                    choices[i] =
                            numEnds == 0
                                    ? TokenChoice.NOTHING
                                    : TokenChoice.of(
                                            shares.get(i).sequence(),
                                            shares.get(i).draft(),
                                            logits.rows(firstRow[i], numEnds),
                                            scratch[member]);
                });
        return Arrays.asList(choices);
    }

    private TokenChoice choose(StepPlan.Share share, FloatMatrix logits) {
        if (logits.numRows() == 0) {
            return TokenChoice.NOTHING;
        }
        observer.logits(logits);
        return TokenChoice.of(share.sequence(), share.draft(), logits, scratch[0]);
    }

    /// @param logits what the choice was made from
    private void finish(StepPlan.Share share, TokenChoice choice, FloatMatrix logits) {
        Sequence sequence = share.sequence();
        boolean reachesEnd = share.reachesEnd();
        boolean endsPrompt = share.endsPrompt();
        advance(share);
        // before a sink may end it
        List<Sequence> followers = endsPrompt ? scheduler.fork(sequence) : List.of();
        if (sequence.score() != null) {
            tell(sequence, () -> sequence.score().tell(sequence.sink()));
        }
        if (endsPrompt) {
            promptComputed(sequence);
        }
        if (share.draft().length > 0) {
            compareDraft(share, Math.max(0, choice.tokens().size() - 1));
        }
        if (reachesEnd) {
            accept(sequence, choice);
        }
        if (!followers.isEmpty()) {
            goOnFrom(logits, followers);
        }
    }

    /// Begins the answers of those who share a prompt that was computed for another.
    private void goOnFrom(FloatMatrix logits, List<Sequence> followers) {
        TokenChoice[] choices = new TokenChoice[followers.size()];
        team.run(
                choices.length,
                (i, member) -> choices[i] = firstChoice(followers.get(i), logits, scratch[member]));
        for (int i = 0; i < choices.length; i++) {
            begin(followers.get(i));
            promptComputed(followers.get(i));
            accept(followers.get(i), choices[i]);
        }
    }

    private static TokenChoice firstChoice(Sequence sequence, FloatMatrix logits, float[] scratch) {
        return sequence.generates()
                ? TokenChoice.of(sequence, StepPlan.NO_DRAFT, logits, scratch)
                : TokenChoice.NOTHING;
    }

    private void compareDraft(StepPlan.Share share, int numRight) {
        Sequence sequence = share.sequence();
        sequence.cached(numRight);
        sequence.drafts().compared(share.draft().length, numRight);
        counters.draftedTokens.add(share.draft().length);
        counters.acceptedTokens.add(numRight);
    }

    private void accept(Sequence sequence, TokenChoice choice) {
        choice.tokens().forEach(chosen -> tell(sequence, () -> accept(sequence, chosen)));
        if (sequence.hasEnded()) {
            return;
        }
        if (choice.fault() != null) {
            sequence.inContext(() ->
                    LOG.log(System.Logger.Level.ERROR, "no token could be chosen", choice.fault()));
            endings.fail(sequence, choice.fault());
        } else if (choice.ends()) {
            endings.finish(sequence, FinishReason.STOP);
        } else if (sequence.numGenerated() >= sequence.request().maxTokens()) {
            endings.finish(sequence, FinishReason.LENGTH);
        }
    }

    private void accept(Sequence sequence, TokenChoice.Chosen chosen) {
        sequence.append(chosen.tokenId());
        counters.generatedTokens.increment();
        sequence.tokenChosen().ifPresent(counters.tokenGaps::add);
        if (!sequence.sink().accept(chosen.tokenId(), chosen.logprobs())) {
            endings.finish(sequence, FinishReason.STOP);
        }
    }

    private void promptComputed(Sequence sequence) {
        int numCached = Math.min(sequence.numAdopted(), sequence.numPromptTokens());
        counters.promptTokens.add(sequence.numPromptTokens());
        counters.cachedPromptTokens.add(numCached);
        tell(sequence, () -> sequence.sink().promptComputed(numCached));
    }

    /// A fault in what concerns one sequence ends that one. Who has ended is told nothing more.
    private void tell(Sequence sequence, Runnable news) {
        if (sequence.hasEnded()) {
            return;
        }
        sequence.inContext(() -> {
            try {
                news.run();
            } catch (RuntimeException | Error e) {
                LOG.log(System.Logger.Level.ERROR, "a generation failed", e);
                endings.fail(sequence, e);
            }
        });
    }
}
