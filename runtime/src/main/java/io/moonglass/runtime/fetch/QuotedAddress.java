package io.moonglass.runtime.fetch;

/// An address as messages show it.
final class QuotedAddress {

    private static final int MAX_CHARS = 80;

    private QuotedAddress() {}

    /// In quotes, on one line, its end left out if it is long; what might upset a log or a terminal is
    /// a question mark.
    static String of(String url) {
        String start = url.length() <= MAX_CHARS ? url : url.substring(0, MAX_CHARS - 3) + "...";
        StringBuilder quoted = new StringBuilder("\"");
        start.chars()
                .mapToObj(c -> c > ' ' && c < 0x7f && c != '"' ? (char) c : '?')
                .forEach(quoted::append);
        return quoted.append('"').toString();
    }
}
