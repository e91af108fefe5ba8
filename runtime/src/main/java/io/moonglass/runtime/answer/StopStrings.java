package io.moonglass.runtime.answer;

import java.util.List;
import java.util.Optional;

/// Looks for stop strings in a text that comes in pieces. What could be the beginning of one is held
/// back until it is clear; a stop string and everything after it never come out.
final class StopStrings {

    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private String found;

    /// @param stops not empty strings
    StopStrings(List<String> stops) {
        this.stops = stops;
    }

    /// The one that came; empty if none has.
    Optional<String> found() {
        return Optional.ofNullable(found);
    }

    /// More text in; what is certain to be before any stop string out.
    String push(String text) {
        if (found != null) {
            return "";
        }
        held.append(text);
        int stop = findFirst();
        if (found != null) {
            held.setLength(stop);
            return take(stop);
        }
        return take(held.length() - longestBeginning());
    }

    /// The rest, when no more text comes.
    String flush() {
        return found != null ? "" : take(held.length());
    }

    /// Where the stop string begins that is complete first; of two with one end, the longer. So it does
    /// not matter in which pieces the text came.
    private int findFirst() {
        int first = -1;
        int firstEnd = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            int end = at + stop.length();
            if (at >= 0 && (end < firstEnd || end == firstEnd && at < first)) {
                first = at;
                firstEnd = end;
                found = stop;
            }
        }
        return first;
    }

    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops) {
            longest = Math.max(longest, Beginnings.atEndOf(held, stop));
        }
        return longest;
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }
}
