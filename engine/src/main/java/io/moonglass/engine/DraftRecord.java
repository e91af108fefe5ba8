package io.moonglass.engine;

/// How often a sequence's guesses were right lately. Engine thread only.
final class DraftRecord {

    /// What is expected of a sequence about which nothing is known.
    private static final double EXPECTED = 0.6;

    private static final double WEIGHT_OF_EXPECTED = 2;

    /// What an older guess counts beside the one after it.
    private static final double FADING = 0.9;

    /// By how much a sequence that is not tried returns to what is expected of it, each step.
    private static final double RETURN = 0.02;

    private double tried;
    private double right;

    /// A draft was compared with what was chosen: guesses after the first wrong one do not count.
    void compared(int length, int numRight) {
        int numTried = Math.min(length, numRight + 1);
        tried = tried * FADING + numTried;
        right = right * FADING + numRight;
    }

    /// There was a draft and it was not tried.
    void passed() {
        tried *= 1 - RETURN;
        right *= 1 - RETURN;
    }

    /// How likely a guess is right if those before it were.
    double probability() {
        return (right + WEIGHT_OF_EXPECTED * EXPECTED) / (tried + WEIGHT_OF_EXPECTED);
    }
}
