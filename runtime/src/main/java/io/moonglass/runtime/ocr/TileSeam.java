package io.moonglass.runtime.ocr;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where the text of a tile goes on in the tile below it, whose first lines show what the last lines of the upper one
/// show.
///
/// @param keptAbove lines of the upper tile that stay
/// @param shared    the lines both tiles show, each once
/// @param usedBelow lines of the lower tile that these are in place of
record TileSeam(int keptAbove, List<String> shared, int usedBelow) {

    /// More than a twentieth of a tile holds, with room to spare.
    static final int MAX_SHARED_LINES = 8;

    /// Characters that may differ, of the longer line's.
    private static final double NEARLY = 0.15;

    /// Shorter lines are the same or are not.
    private static final int LEAST_NEARLY = 5;

    /// Longer ones are whole paragraphs; comparing them would be slow.
    private static final int MOST_NEARLY = 1_000;

    /// A line beside which another is left out has to say this much.
    private static final int LEAST_TELLING = 8;

    /// The longest run of lines at the upper tile's end that are, one by one, nearly the same as at the lower tile's
    /// beginning. A line that the upper tile's edge cuts may follow the run, and one that the lower tile's edge cuts
    /// may precede it; each is left out, as the other tile has it whole. Blank lines are passed over.
    static Optional<TileSeam> between(List<String> above, List<String> below) {
        List<Integer> last = lastLines(above);
        List<Integer> first = firstLines(below);
        for (int numShared = Math.min(MAX_SHARED_LINES, Math.min(last.size(), first.size()));
                numShared > 0;
                numShared--) {
            for (int cutAbove = 0; cutAbove <= 1; cutAbove++) {
                for (int cutBelow = 0; cutBelow <= 1; cutBelow++) {
                    if (cutAbove + numShared <= last.size()
                            && cutBelow + numShared <= first.size()) {
                        List<Integer> upper =
                                last.subList(
                                        last.size() - cutAbove - numShared, last.size() - cutAbove);
                        List<Integer> lower = first.subList(cutBelow, cutBelow + numShared);
                        if (agree(above, upper, below, lower, cutAbove + cutBelow > 0)) {
                            return Optional.of(of(above, upper, below, lower));
                        }
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static boolean agree(
            List<String> above,
            List<Integer> upper,
            List<String> below,
            List<Integer> lower,
            boolean isBesideCut) {
        int numTelling = 0;
        for (int i = 0; i < upper.size(); i++) {
            String line = above.get(upper.get(i));
            if (!nearlyEqual(line, below.get(lower.get(i)))) {
                return false;
            }
            numTelling += line.strip().length() >= LEAST_TELLING ? 1 : 0;
        }
        return !isBesideCut || numTelling > 0;
    }

    private static TileSeam of(
            List<String> above, List<Integer> upper, List<String> below, List<Integer> lower) {
        List<String> shared = new ArrayList<>();
        int numShared = upper.size();
        for (int i = 0; i < numShared; i++) {
            String fromAbove = above.get(upper.get(i));
            String fromBelow = below.get(lower.get(i));
            // the nearer to a tile's edge, the likelier a line is cut there, and a cut one reads
            // shorter
            boolean isNearerAbove =
                    numShared == 1 ? fromAbove.length() >= fromBelow.length() : i < numShared / 2;
            shared.add(isNearerAbove ? fromAbove : fromBelow);
        }
        return new TileSeam(upper.getFirst(), shared, lower.getLast() + 1);
    }

    /// Indices of lines that are not blank, one more than can be shared for the one that is cut.
    private static List<Integer> lastLines(List<String> lines) {
        List<Integer> found = new ArrayList<>();
        for (int i = lines.size() - 1; i >= 0 && found.size() <= MAX_SHARED_LINES; i--) {
            if (!lines.get(i).isBlank()) {
                found.addFirst(i);
            }
        }
        return found;
    }

    private static List<Integer> firstLines(List<String> lines) {
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < lines.size() && found.size() <= MAX_SHARED_LINES; i++) {
            if (!lines.get(i).isBlank()) {
                found.add(i);
            }
        }
        return found;
    }

    /// Equal but for white space, or nearly; digits have to be the same, because rows of a table or a list may differ in
    /// nothing else.
    static boolean nearlyEqual(String left, String right) {
        String a = left.strip().replaceAll("\\s+", " ");
        String b = right.strip().replaceAll("\\s+", " ");
        if (a.equals(b)) {
            return true;
        }
        int length = Math.max(a.length(), b.length());
        if (length < LEAST_NEARLY
                || length > MOST_NEARLY
                || Math.abs(a.length() - b.length()) > NEARLY * length
                || !digits(a).equals(digits(b))) {
            return false;
        }
        return EditDistance.between(a, b) <= NEARLY * length;
    }

    private static String digits(String text) {
        return text.replaceAll("\\P{Nd}", "");
    }
}
