package io.moonglass.server.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// The name that somebody may have meant.
public final class NearestName {

    private static final int LONGEST = 100;

    private NearestName() {}

    /// The one of these names that differs in the fewest letters, if those are few.
    public static Optional<String> to(String name, Collection<String> names) {
        if (name.length() > LONGEST) {
            return Optional.empty();
        }
        int most = Math.max(1, name.length() / 3);
        return names.stream()
                .filter(other -> distance(name, other) <= most)
                .min(Comparator.comparingInt(other -> distance(name, other)));
    }

    /// Letters to change, add or leave out.
    ///
    /// Source: Levenshtein 1966, by Wagner and Fischer's rows.
    private static int distance(String from, String to) {
        int[] previous = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(previous[j - 1] + change, 1 + Math.min(previous[j], row[j - 1]));
            }
            previous = row;
        }
        return previous[to.length()];
    }
}
