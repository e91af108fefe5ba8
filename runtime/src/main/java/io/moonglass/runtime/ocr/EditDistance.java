package io.moonglass.runtime.ocr;

/// How many characters have to be put in, taken out or changed to make one text of another.
///
/// Source: Levenshtein 1966; computed row by row, Wagner and Fischer 1974.
final class EditDistance {

    private EditDistance() {}

    /// @return in code points; time is the product of the lengths
    static int between(String from, String to) {
        int[] source = from.codePoints().toArray();
        int[] target = to.codePoints().toArray();
        int[] above = new int[target.length + 1];
        for (int j = 0; j <= target.length; j++) {
            above[j] = j;
        }
        int[] row = new int[target.length + 1];
        for (int i = 1; i <= source.length; i++) {
            row[0] = i;
            for (int j = 1; j <= target.length; j++) {
                int changed = above[j - 1] + (source[i - 1] == target[j - 1] ? 0 : 1);
                row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
            }
            int[] swap = above;
            above = row;
            row = swap;
        }
        return above[target.length];
    }
}
