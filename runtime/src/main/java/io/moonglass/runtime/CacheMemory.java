package io.moonglass.runtime;

import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.MachineMemory;

/// How much memory the cache of keys and values may have where nobody says.
final class CacheMemory {

    /// Less would hold too little to serve anybody, so it is taken even where memory is short.
    private static final long LEAST_BYTES = 64L << 20;

    private CacheMemory() {}

    /// Half of what is available beside the weights, which must stay in memory too: the other half is for
    /// pictures, for steps and for whatever else runs here.
    static long share(Checkpoint checkpoint) {
        long weights =
                checkpoint.tensors().stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
        long left = MachineMemory.availableBytes() - weights;
        return Math.max(LEAST_BYTES, left / 2);
    }
}
