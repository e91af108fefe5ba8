package io.moonglass.engine;

import java.time.Duration;

/// What an engine has done since it started, and how it stands. Counts only grow.
///
/// @param numRunning            sequences that share the cache now
/// @param numWaiting            sequences that wait for their turn now
/// @param numUncomputedTokens   prompt tokens of both that are not computed yet
/// @param steps                 forward passes
/// @param promptTokens          prompt tokens of all requests that ran
/// @param cachedPromptTokens    of these, the ones that were found in the cache
/// @param generatedTokens       tokens that were chosen
/// @param preemptions           sequences that gave their blocks up and started over
/// @param cancelledWaiting      sequences that were cancelled before they ran
/// @param cancelledPrefilling   the same while their prompt was computed
/// @param cancelledDecoding     the same while they generated
/// @param draftedTokens         tokens that were guessed ahead
/// @param acceptedTokens        of these, the ones that were right
/// @param failedSteps           forward passes that ended in a fault of ours
/// @param numBlocks             blocks of the cache
/// @param numBlocksInUse        of these, the ones that a sequence needs now
/// @param numBlocksKept         the ones that only a later prompt may need
/// @param promptTokensPerSecond as measured lately; 0 before the first
/// @param sinceProgress         time since a step ended or work came to an idle engine; zero if idle
/// @param measurements          how long steps take, and what the engine's parts hold
public record EngineStatistics(
        int numRunning,
        int numWaiting,
        long numUncomputedTokens,
        long steps,
        long promptTokens,
        long cachedPromptTokens,
        long generatedTokens,
        long preemptions,
        long cancelledWaiting,
        long cancelledPrefilling,
        long cancelledDecoding,
        long draftedTokens,
        long acceptedTokens,
        long failedSteps,
        int numBlocks,
        int numBlocksInUse,
        int numBlocksKept,
        double promptTokensPerSecond,
        Duration sinceProgress,
        EngineMeasurements measurements) {}
