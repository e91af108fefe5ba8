package io.moonglass.loader.pack;

/// Told how far a packing is.
@FunctionalInterface
public interface PackProgress {

    /// @param numBytes    of the packed file, written so far
    /// @param numBytesAll of the packed file in the end
    void at(int numTensors, int numTensorsAll, long numBytes, long numBytesAll);
}
