package io.moonglass.runtime.media;

/// Bounds the memory of pictures that are decoded or wait for the encoder, by their pixels. A picture
/// that is larger than the bound passes alone. One request gets at most half, so that others find room
/// beside it, but always one picture.
///
/// Not for several threads at once.
final class PixelBudget {

    private final long maxPixels;
    private long taken;

    PixelBudget(long maxPixels) {
        this.maxPixels = maxPixels;
    }

    /// Whether so many more may be taken at all.
    boolean hasRoom(long numPixels) {
        return taken == 0 || taken + numPixels <= maxPixels;
    }

    /// Pixels of all requests.
    long taken() {
        return taken;
    }

    Account open() {
        return new Account();
    }

    /// What one request takes.
    final class Account {
        private long mine;

        /// Whether so many more are within the request's share.
        boolean hasRoom(long numPixels) {
            return mine == 0 || mine + numPixels <= maxPixels / 2;
        }

        void take(long numPixels) {
            mine += numPixels;
            taken += numPixels;
        }

        void give(long numPixels) {
            mine -= numPixels;
            taken -= numPixels;
        }
    }
}
