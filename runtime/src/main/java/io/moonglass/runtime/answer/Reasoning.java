package io.moonglass.runtime.answer;

import java.util.function.Consumer;

/// Splits what a Thinking model writes into reasoning and answer. The markers are ordinary text to
/// the tokenizer and may come in pieces: `◁think▷` at the very beginning opens the reasoning,
/// `◁/think▷` ends it. Text without the opening marker is all answer; if the end marker never comes,
/// there is no answer.
public final class Reasoning {

    /// Before the reasoning, and after it.
    public static final String OPENING = "◁think▷";

    public static final String CLOSING = "◁/think▷";

    private enum State {
        BEGINNING,
        REASONING,
        ANSWER
    }

    private final StringBuilder held = new StringBuilder();
    private final Consumer<String> reasoning;
    private final Consumer<String> answer;
    private State state = State.BEGINNING;

    /// @param reasoning takes text between the markers
    /// @param answer    takes the rest
    Reasoning(Consumer<String> reasoning, Consumer<String> answer) {
        this.reasoning = reasoning;
        this.answer = answer;
    }

    /// One that only says where a text stands.
    public static Reasoning watched() {
        return new Reasoning(_ -> {}, _ -> {});
    }

    /// A text of an earlier turn as the model should see it again: without its reasoning.
    public static String removedFrom(String text) {
        if (!text.startsWith(OPENING)) {
            return text;
        }
        int end = text.indexOf(CLOSING);
        return end < 0 ? "" : text.substring(end + CLOSING.length());
    }

    /// Whether the text so far ends inside the reasoning.
    public boolean isOpen() {
        return state == State.REASONING;
    }

    /// More of the text.
    public void push(String text) {
        held.append(text);
        if (state == State.BEGINNING) {
            lookForOpening();
        }
        if (state == State.REASONING) {
            lookForClosing();
        }
        if (state == State.ANSWER) {
            give(answer, held.length());
        }
    }

    /// Gives out what is held back, when no more text comes.
    void flush() {
        give(state == State.REASONING ? reasoning : answer, held.length());
    }

    private void lookForOpening() {
        if (held.indexOf(OPENING) == 0) {
            held.delete(0, OPENING.length());
            state = State.REASONING;
        } else if (!Beginnings.isBeginning(held, 0, OPENING)) {
            state = State.ANSWER;
        }
    }

    private void lookForClosing() {
        int end = held.indexOf(CLOSING);
        if (end >= 0) {
            give(reasoning, end);
            held.delete(0, CLOSING.length());
            state = State.ANSWER;
        } else {
            give(reasoning, held.length() - Beginnings.atEndOf(held, CLOSING));
        }
    }

    private void give(Consumer<String> taker, int length) {
        if (length > 0) {
            taker.accept(held.substring(0, length));
            held.delete(0, length);
        }
    }
}
