package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// What this machine can do at best, measured: the floors that a computation's time stands beside.
///
/// @param readBytesPerSecond of memory, by the whole team
/// @param int8OpsPerSecond   multiplications and additions of 8-bit numbers, by the whole team; 0 without
///                           native kernels
public record MachineRates(double readBytesPerSecond, double int8OpsPerSecond) {

    private static final int ROUNDS = 7;
    private static final int BUFFER_ROWS = 256;
    private static final int ROW_FLOATS = 1 << 19;
    private static final long PEAK_ROUNDS = 1 << 21;

    /// Takes a few seconds and half a gigabyte; the best of several rounds each.
    ///
    /// @param mapped a file of at least half a gigabyte that a model is read from; its pages may be
    ///               larger than those of new memory and then read faster. May be empty
    public static MachineRates measure(ThreadTeam team, MemorySegment mapped) {
        double rate;
        try (Arena arena = Arena.ofShared()) {
            FloatMatrix buffer = FloatMatrix.allocate(arena, BUFFER_ROWS, ROW_FLOATS);
            team.run(BUFFER_ROWS, (row, _) -> buffer.rows(row, 1).data().fill((byte) 1));
            rate = read(buffer, team);
        }
        long bytes = (long) BUFFER_ROWS * ROW_FLOATS * Float.BYTES;
        if (mapped.byteSize() >= bytes) {
            MemorySegment begin = mapped.asSlice(0, bytes);
            rate = Math.max(rate, read(new FloatMatrix(begin, BUFFER_ROWS, ROW_FLOATS), team));
        }
        return new MachineRates(rate, int8(team));
    }

    private static double read(FloatMatrix buffer, ThreadTeam team) {
        float[] found = new float[BUFFER_ROWS];
        return bestRate(() -> {
            team.run(BUFFER_ROWS, (row, _) -> found[row] = Kernels.max(buffer, row, ROW_FLOATS));
            return buffer.data().byteSize();
        });
    }

    private static double int8(ThreadTeam team) {
        if (!(Kernels.fastest() instanceof NativeKernels kernels)) {
            return 0;
        }
        return bestRate(() -> {
            AtomicLong operations = new AtomicLong();
            team.run(team.size(), (_, _) -> operations.addAndGet(kernels.peak(PEAK_ROUNDS)));
            return operations.get();
        });
    }

    private interface Work {
        /// The bytes or operations that were done.
        long run();
    }

    private static double bestRate(Work work) {
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long begin = System.nanoTime();
            long amount = work.run();
            best = Math.max(best, amount * 1e9 / (System.nanoTime() - begin));
        }
        return best;
    }
}
