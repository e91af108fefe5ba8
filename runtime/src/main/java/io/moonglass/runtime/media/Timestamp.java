package io.moonglass.runtime.media;

import java.util.Locale;

/// The text before a frame that says when in the video it is: `[MM:SS.s] `. Minutes go on past 59.
public final class Timestamp {

    private Timestamp() {}

    /// @param seconds from the video's beginning, 0 or more and finite; rounded to tenths
    public static String of(double seconds) {
        // written so that NaN fails too
        if (!(seconds >= 0 && seconds <= Integer.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "time stamp of %s s; want a number from 0 to %d"
                            .formatted(seconds, Integer.MAX_VALUE));
        }
        long tenths = Math.round(seconds * 10);
        return String.format(
                Locale.ROOT, "[%02d:%02d.%d] ", tenths / 600, tenths / 10 % 60, tenths % 10);
    }
}
