package io.moonglass.loader.fault;

/// Text on one line: whatever could begin another, or steer a terminal, is written as an escape.
public final class OneLine {

    private OneLine() {}

    public static String of(String text) {
        return text.chars().noneMatch(OneLine::isEscaped) ? text : escaped(text);
    }

    private static String escaped(String text) {
        StringBuilder line = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (isEscaped(c)) {
                        line.append("\\u%04x".formatted((int) c));
                    } else {
                        line.append(c);
                    }
                }
            }
        }
        return line.toString();
    }

    /// Controls, separators of lines, and what turns the direction of writing.
    private static boolean isEscaped(int c) {
        return Character.isISOControl(c)
                || c >= 0x2028 && c <= 0x202e
                || c >= 0x2066 && c <= 0x2069;
    }
}
