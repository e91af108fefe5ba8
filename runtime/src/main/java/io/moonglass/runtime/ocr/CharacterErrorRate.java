package io.moonglass.runtime.ocr;

/// How far a text that was read is from what is written: `edits / length of what is written`, in code points. It can
/// be above 1 where more was read than is there.
///
/// @param numEdits      characters to put in, take out or change
/// @param numCharacters of what is written
public record CharacterErrorRate(long numEdits, long numCharacters) {

    /// Longer texts would take minutes: the effort is the product of both lengths.
    private static final long MOST_STEPS = 4_000_000_000L;

    /// @throws IllegalArgumentException if the texts are so long that it would take minutes
    public static CharacterErrorRate of(String written, String read) {
        long numCharacters = written.codePointCount(0, written.length());
        long numRead = read.codePointCount(0, read.length());
        if (numCharacters * numRead > MOST_STEPS) {
            throw new IllegalArgumentException(
                    "texts of %,d and %,d characters; compare them page by page"
                            .formatted(numCharacters, numRead));
        }
        return new CharacterErrorRate(EditDistance.between(written, read), numCharacters);
    }

    /// Of several pages together.
    public CharacterErrorRate plus(CharacterErrorRate other) {
        return new CharacterErrorRate(
                numEdits + other.numEdits, numCharacters + other.numCharacters);
    }

    /// 0 where nothing is written and nothing was read, 1 where something was read and nothing is written.
    public double rate() {
        if (numCharacters == 0) {
            return numEdits == 0 ? 0 : 1;
        }
        return (double) numEdits / numCharacters;
    }
}
