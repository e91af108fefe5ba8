package io.moonglass.server.command;

import java.io.PrintWriter;
import java.util.regex.Pattern;

/// Writes what a model says as it comes. On a terminal, what would steer it is shown as a mark: a picture can have a
/// model say anything.
final class AnswerText {

    private static final Pattern STEERING = Pattern.compile("[\\p{Cc}&&[^\n\t]]");

    private final PrintWriter out;
    private final boolean isTerminal;

    AnswerText(PrintWriter out, boolean isTerminal) {
        this.out = out;
        this.isTerminal = isTerminal;
    }

    void write(String text) {
        out.print(isTerminal ? harmless(text) : text);
        out.flush();
    }

    /// Text with marks in place of what steers a terminal.
    static String harmless(String text) {
        return STEERING.matcher(text).replaceAll("\uFFFD");
    }

    void endLine() {
        out.println();
        out.flush();
    }
}
