package io.moonglass.server.command;

import io.moonglass.clients.ChatCompletion;
import java.io.PrintWriter;

/// What a conversation looks like: answers on standard output, everything else on standard error.
final class ChatScreen {

    private static final String PLAIN = "\u001b[0m";
    private static final String PROMPT = "\u001b[1;32m";
    private static final String NOTE = "\u001b[2m";
    private static final String FAULT = "\u001b[31m";

    private final PrintWriter out;
    private final PrintWriter err;
    private final AnswerText answer;
    private final AnswerText reasoning;
    private final boolean isInteractive;
    private final boolean hasColours;
    private final boolean showReasoning;
    private boolean isMidLine;

    /// @param answer        written to `out`
    /// @param reasoning     written to `err`
    /// @param isInteractive whether somebody types; there are no prompts where nobody does
    ChatScreen(
            PrintWriter out,
            PrintWriter err,
            AnswerText answer,
            AnswerText reasoning,
            boolean isInteractive,
            boolean hasColours,
            boolean showReasoning) {
        this.out = out;
        this.err = err;
        this.answer = answer;
        this.reasoning = reasoning;
        this.isInteractive = isInteractive;
        this.hasColours = hasColours;
        this.showReasoning = showReasoning;
    }

    void greet(String model) {
        if (isInteractive) {
            note("%s; /help lists what there is besides questions, Ctrl-D ends".formatted(model));
        }
    }

    /// @param goesOn whether the line before was to be continued
    void prompt(boolean goesOn) {
        if (isInteractive) {
            err.print(coloured(PROMPT, goesOn ? ". " : "> "));
            err.flush();
        }
    }

    /// What the terminal shows for Ctrl-C and Ctrl-D ends no line.
    void leaveLine() {
        if (isInteractive) {
            err.println();
            err.flush();
        }
    }

    void answer(String text) {
        isMidLine |= !text.isEmpty();
        answer.write(text);
    }

    void json(ChatCompletion whole) {
        PrintedJson.printLine(whole, out);
    }

    /// Leaves an answer that was stopped with Ctrl-C.
    void interrupt() {
        if (isMidLine) {
            endLine();
        } else {
            leaveLine();
        }
    }

    /// Leaves the line of an answer that does not go on.
    void breakOff() {
        if (isMidLine) {
            endLine();
        }
    }

    void reasoning(String text) {
        if (showReasoning && !text.isEmpty()) {
            err.print(hasColours ? NOTE : "");
            reasoning.write(text);
            err.print(hasColours ? PLAIN : "");
            err.flush();
        }
    }

    void endLine() {
        isMidLine = false;
        answer.endLine();
    }

    void note(String text) {
        err.println(coloured(NOTE, "moonglass: " + text));
        err.flush();
    }

    void fault(String text) {
        err.println(coloured(FAULT, "moonglass: " + text));
        err.flush();
    }

    private String coloured(String colour, String text) {
        return hasColours ? colour + text + PLAIN : text;
    }
}
