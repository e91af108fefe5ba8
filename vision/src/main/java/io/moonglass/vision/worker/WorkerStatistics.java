package io.moonglass.vision.worker;

/// What the processes did since the server started.
///
/// @param running       processes now
/// @param busy          of them, those that compute a command's answer now
/// @param started       processes
/// @param crashed       processes that ended by themselves during a command
/// @param killedForTime processes whose command took longer than its deadline
/// @param killedForNonsense processes whose answer did not fit what was asked
/// @param abandoned     processes ended because nobody waited for their command any more
/// @param commands      answered, faults included
/// @param seconds       that commands took, waiting for a process left out
public record WorkerStatistics(
        int running,
        int busy,
        long started,
        long crashed,
        long killedForTime,
        long killedForNonsense,
        long abandoned,
        long commands,
        double seconds) {}
