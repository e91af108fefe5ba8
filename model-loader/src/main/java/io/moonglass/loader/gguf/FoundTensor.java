package io.moonglass.loader.gguf;

import java.util.List;
import java.util.Optional;

/// A checkpoint's tensor where a GGUF file has its numbers.
public sealed interface FoundTensor {

    /// A run of elements of a stored tensor.
    ///
    /// @param from  a multiple of a row's length, as is `count`
    record Piece(GgufTensor tensor, long from, long count) {

        static Piece whole(GgufTensor tensor) {
            return new Piece(tensor, 0, tensor.size());
        }
    }

    /// As the checkpoint has it.
    long[] shape();

    /// The stored tensor that has its beginning.
    GgufTensor first();

    /// Where these rows lie; empty unless all of them do so one after the other in one stored tensor, each as it
    /// is.
    Optional<Piece> rows(int from, int count);

    /// All elements, in order; for what is small.
    float[] floats();

    /// Runs of elements that are joined.
    record Joined(long[] shape, List<Piece> pieces) implements FoundTensor {

        static Joined of(long[] shape, Piece... pieces) {
            return new Joined(shape, List.of(pieces));
        }

        @Override
        public GgufTensor first() {
            return pieces.getFirst().tensor();
        }

        @Override
        public Optional<Piece> rows(int from, int count) {
            long rowLength = shape[shape.length - 1];
            long at = from * rowLength;
            long length = count * rowLength;
            for (Piece piece : pieces) {
                if (at < piece.count()) {
                    return at + length <= piece.count()
                            ? Optional.of(new Piece(piece.tensor(), piece.from() + at, length))
                            : Optional.empty();
                }
                at -= piece.count();
            }
            return Optional.empty();
        }

        /// Elements `[from, to)`.
        ///
        /// @param from as is `to`, where a stored block begins
        public void read(long from, long to, float[] target) {
            long begin = 0;
            for (Piece piece : pieces) {
                long first = Math.max(from, begin);
                long last = Math.min(to, begin + piece.count());
                if (first < last) {
                    long shift = piece.from() - begin;
                    piece.tensor()
                            .decode(first + shift, last + shift, target, (int) (first - from));
                }
                begin += piece.count();
            }
        }

        @Override
        public float[] floats() {
            long size = pieces.stream().mapToLong(Piece::count).sum();
            float[] floats = new float[Math.toIntExact(size)];
            read(0, size, floats);
            return floats;
        }
    }

    /// `kv_b_proj` as newer files have it: of each head the keys' part, transposed, in one tensor and the values'
    /// part in another.
    ///
    /// @param keys     `[numHeads, rank, nope]`
    /// @param values   `[numHeads, vHeadDim, rank]`
    record Latents(
            GgufTensor keys, GgufTensor values, int numHeads, int nope, int vHeadDim, int rank)
            implements FoundTensor {

        @Override
        public long[] shape() {
            return new long[] {(long) numHeads * headRows(), rank};
        }

        @Override
        public GgufTensor first() {
            return keys;
        }

        /// Rows that make values.
        @Override
        public Optional<Piece> rows(int from, int count) {
            int head = from / headRows();
            int row = from % headRows();
            if (row < nope || row + count > headRows()) {
                return Optional.empty();
            }
            long first = (long) head * vHeadDim + row - nope;
            return Optional.of(new Piece(values, first * rank, (long) count * rank));
        }

        /// The keys' part as it is stored, `[numHeads * rank, nope]`.
        public Joined storedKeys() {
            return Joined.of(new long[] {(long) numHeads * rank, nope}, Piece.whole(keys));
        }

        @Override
        public float[] floats() {
            float[] floats = new float[Math.toIntExact((long) numHeads * headRows() * rank)];
            float[] headKeys = new float[nope * rank];
            for (int head = 0; head < numHeads; head++) {
                long from = (long) head * headKeys.length;
                keys.decode(from, from + headKeys.length, headKeys, 0);
                int first = head * headRows() * rank;
                for (int i = 0; i < nope; i++) {
                    for (int r = 0; r < rank; r++) {
                        floats[first + i * rank + r] = headKeys[r * nope + i];
                    }
                }
                long valuesFrom = (long) head * vHeadDim * rank;
                values.decode(
                        valuesFrom,
                        valuesFrom + (long) vHeadDim * rank,
                        floats,
                        first + nope * rank);
            }
            return floats;
        }

        private int headRows() {
            return nope + vHeadDim;
        }
    }
}
