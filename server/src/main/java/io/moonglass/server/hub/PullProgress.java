package io.moonglass.server.hub;

/// Is told how far a pull is.
@FunctionalInterface
public interface PullProgress {

    /// @param numFiles    files that are there
    /// @param numBytes    bytes that are there, those of earlier runs included
    /// @param numNew      of those, what this run brought; less than nothing if what was there was thrown away
    void at(int numFiles, int numFilesAll, long numBytes, long numBytesAll, long numNew);
}
