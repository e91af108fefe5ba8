package io.moonglass.server.load;

import io.moonglass.clients.Usage;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// Counts what came of the requests of one scenario. Safe to use from any thread.
final class Tally {

    private final Map<String, ErrorCount> errors = new TreeMap<>();
    private final LatencyHistogram firstText = new LatencyHistogram();
    private final LatencyHistogram firstTurnFirstText = new LatencyHistogram();
    private final LatencyHistogram laterTurnFirstText = new LatencyHistogram();
    private final LatencyHistogram betweenPieces = new LatencyHistogram();
    private final LatencyHistogram perToken = new LatencyHistogram();
    private final LatencyHistogram whole = new LatencyHistogram();
    private long numAnswered;
    private long numCancelled;
    private long numRejected;
    private long numUnfinished;
    private long promptTokens;
    private long cachedTokens;
    private long imageTokens;
    private long outputTokens;

    /// @param isFirstTurn whether no answer of the conversation came before
    synchronized void count(Outcome outcome, boolean isFirstTurn) {
        switch (outcome) {
            case Outcome.Answered(_, Usage usage, AnswerTimes times) -> {
                numAnswered++;
                count(times, isFirstTurn);
                if (usage != null) {
                    count(usage, times);
                }
            }
            case Outcome.Cancelled _ -> numCancelled++;
            case Outcome.Rejected(_, Outcome.Failed fault) -> count(fault);
            case Outcome.Failed fault -> count(fault);
        }
    }

    /// One more sending that the server did not take.
    synchronized void countRejected() {
        numRejected++;
    }

    /// One more request that the end of the run cut off.
    synchronized void countUnfinished() {
        numUnfinished++;
    }

    /// How long the first text took, in seconds; empty before there was any.
    synchronized OptionalDouble meanFirstText() {
        return firstText.mean();
    }

    synchronized long numEnded() {
        return numAnswered + numCancelled + numFailed();
    }

    synchronized void addTo(Tally sum) {
        errors.forEach((kind, error) -> sum.errors.merge(kind, error, ErrorCount::plus));
        sum.firstText.addAll(firstText);
        sum.firstTurnFirstText.addAll(firstTurnFirstText);
        sum.laterTurnFirstText.addAll(laterTurnFirstText);
        sum.betweenPieces.addAll(betweenPieces);
        sum.perToken.addAll(perToken);
        sum.whole.addAll(whole);
        sum.numAnswered += numAnswered;
        sum.numCancelled += numCancelled;
        sum.numRejected += numRejected;
        sum.numUnfinished += numUnfinished;
        sum.promptTokens += promptTokens;
        sum.cachedTokens += cachedTokens;
        sum.imageTokens += imageTokens;
        sum.outputTokens += outputTokens;
    }

    /// @param seconds how long the run took
    synchronized LoadFigures figures(double seconds) {
        return new LoadFigures(
                numEnded(),
                numAnswered,
                numFailed(),
                numCancelled,
                numRejected,
                numUnfinished,
                promptTokens,
                imageTokens,
                cachedTokens,
                promptTokens == 0 ? 0 : (double) cachedTokens / promptTokens,
                outputTokens,
                promptTokens / seconds,
                outputTokens / seconds,
                firstText.percentiles(),
                firstTurnFirstText.percentiles(),
                laterTurnFirstText.percentiles(),
                betweenPieces.percentiles(),
                perToken.percentiles(),
                whole.percentiles(),
                new TreeMap<>(errors));
    }

    private void count(AnswerTimes times, boolean isFirstTurn) {
        firstText.add(times.firstText());
        (isFirstTurn ? firstTurnFirstText : laterTurnFirstText).add(times.firstText());
        times.betweenPieces().forEach(betweenPieces::add);
        whole.add(times.whole());
    }

    private void count(Usage usage, AnswerTimes times) {
        promptTokens += usage.promptTokens();
        outputTokens += usage.completionTokens();
        if (usage.promptTokensDetails() != null) {
            cachedTokens += usage.promptTokensDetails().cachedTokens();
            imageTokens += usage.promptTokensDetails().imageTokens();
        }
        if (usage.completionTokens() > 1) {
            perToken.add((times.whole() - times.firstText()) / (usage.completionTokens() - 1));
        }
    }

    private void count(Outcome.Failed fault) {
        errors.merge(fault.kind(), new ErrorCount(1, fault.message()), ErrorCount::plus);
    }

    private long numFailed() {
        return errors.values().stream().mapToLong(ErrorCount::count).sum();
    }
}
