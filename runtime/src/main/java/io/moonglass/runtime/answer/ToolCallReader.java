package io.moonglass.runtime.answer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ToolCall;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds calls of tools in a text that comes in pieces: `<tool_call>{"name": NAME, "arguments": {...}}</tool_call>`.
/// A call is told as soon as its name is known, its arguments as they come. What turns out to be no call of a tool
/// that there is comes out as text; white space after a call does not.
final class ToolCallReader {

    /// What becomes of the text.
    interface Taker {
        void text(String more);

        void begun(int index, String name);

        void arguments(int index, String json);
    }

    /// What comes before the arguments, where the keys are in the usual order.
    private static final Pattern HEAD =
            Pattern.compile(
                    "\\s*\\{\\s*\"name\"\\s*:\\s*\"([^\"\\\\]*)\"\\s*,\\s*\"arguments\"\\s*:\\s*(?=\\{)");

    /// What comes after them.
    private static final Pattern TAIL = Pattern.compile("\\s*\\}\\s*" + ToolCall.CLOSING);

    /// A head or a tail that has not come to an end by then is none.
    private static final int MAX_HEAD = 512;

    /// A call in another form is read as a whole; a longer one is text.
    private static final int MAX_WHOLE = 1 << 16;

    private enum State {
        TEXT,
        HEAD,
        /// Between opening and closing, in a form that must be read as a whole.
        WHOLE,
        ARGUMENTS,
        TAIL,
        /// After a call.
        BETWEEN
    }

    private final Set<String> names;
    private final Taker taker;
    private final StringBuilder held = new StringBuilder();
    private State state = State.TEXT;
    private int numCalls;
    private int numCompleted;
    private int depth;
    private boolean inString;
    private boolean escaped;

    /// @param names of the tools that there are; with none everything is text
    ToolCallReader(Set<String> names, Taker taker) {
        this.names = names;
        this.taker = taker;
    }

    /// Whether the text so far ends inside what is certainly a call, or between calls.
    boolean isInCall() {
        return state == State.ARGUMENTS || state == State.TAIL || state == State.BETWEEN;
    }

    /// Calls whose arguments are complete.
    int numCompleted() {
        return numCompleted;
    }

    void push(String text) {
        if (names.isEmpty()) {
            giveText(text);
            return;
        }
        held.append(text);
        while (step()) {}
    }

    /// Gives out what is held back, when no more text comes.
    void flush() {
        switch (state) {
            case TEXT, BETWEEN -> giveText(held.toString());
            case HEAD, WHOLE -> giveText(ToolCall.OPENING + held);
            case ARGUMENTS, TAIL -> {} // all of it was told, or is the end of a call
        }
        held.setLength(0);
    }

    /// @return whether there may be more to do with what is held
    private boolean step() {
        return switch (state) {
            case TEXT -> lookForOpening();
            case HEAD -> readHead();
            case WHOLE -> readWhole();
            case ARGUMENTS -> readArguments();
            case TAIL -> readTail();
            case BETWEEN -> skipWhiteSpace();
        };
    }

    private boolean lookForOpening() {
        int opening = held.indexOf(ToolCall.OPENING);
        if (opening < 0) {
            giveText(take(held.length() - Beginnings.atEndOf(held, ToolCall.OPENING)));
            return false;
        }
        giveText(take(opening));
        take(ToolCall.OPENING.length());
        state = State.HEAD;
        return true;
    }

    private boolean readHead() {
        Matcher head = HEAD.matcher(held);
        if (head.lookingAt() && names.contains(head.group(1))) {
            String name = head.group(1);
            take(head.end());
            taker.begun(numCalls, name);
            state = State.ARGUMENTS;
            depth = 0;
            return true;
        }
        if (!head.hitEnd() || held.length() > MAX_HEAD) {
            state = State.WHOLE;
            return true;
        }
        return false;
    }

    private boolean readWhole() {
        int closing = held.indexOf(ToolCall.CLOSING);
        if (closing < 0 && held.length() <= MAX_WHOLE) {
            return false;
        }
        String inside = closing < 0 ? "" : held.substring(0, closing);
        JsonNode call = parsed(inside);
        if (call.path("name").isTextual()
                && names.contains(call.get("name").textValue())
                && call.path("arguments").isObject()) {
            taker.begun(numCalls, call.get("name").textValue());
            taker.arguments(numCalls, call.get("arguments").toString());
            completed();
            take(closing + ToolCall.CLOSING.length());
            state = State.BETWEEN;
        } else {
            giveText(ToolCall.OPENING);
            state = State.TEXT;
        }
        return true;
    }

    private static JsonNode parsed(String json) {
        try {
            return ExactJson.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            return ExactJson.MAPPER.missingNode();
        }
    }

    /// Up to the end of the object, by its braces.
    private boolean readArguments() {
        for (int i = 0; i < held.length(); i++) {
            char c = held.charAt(i);
            if (escaped) {
                escaped = false;
            } else if (inString) {
                escaped = c == '\\';
                inString = c != '"';
            } else if (c == '"') {
                inString = true;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
                if (depth == 0) {
                    taker.arguments(numCalls, take(i + 1));
                    completed();
                    state = State.TAIL;
                    return true;
                }
            }
        }
        if (!held.isEmpty()) {
            taker.arguments(numCalls, take(held.length()));
        }
        return false;
    }

    private void completed() {
        numCalls++;
        numCompleted++;
    }

    private boolean readTail() {
        Matcher tail = TAIL.matcher(held);
        if (tail.lookingAt()) {
            take(tail.end());
            state = State.BETWEEN;
            return true;
        }
        if (!tail.hitEnd() || held.length() > MAX_HEAD) {
            state = State.TEXT;
            return true;
        }
        return false;
    }

    private boolean skipWhiteSpace() {
        int from = 0;
        while (from < held.length() && Character.isWhitespace(held.charAt(from))) {
            from++;
        }
        take(from);
        if (held.isEmpty()
                || Beginnings.isBeginning(held, 0, ToolCall.OPENING)
                        && held.length() < ToolCall.OPENING.length()) {
            return false;
        }
        state = State.TEXT;
        return true;
    }

    private void giveText(String text) {
        if (!text.isEmpty()) {
            taker.text(text);
        }
    }

    private String take(int length) {
        String taken = held.substring(0, length);
        held.delete(0, length);
        return taken;
    }
}
