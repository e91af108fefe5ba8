package io.moonglass.server.observe;

import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The texts of one request, for a log whose operator wants them. Pictures are only mentioned, and of long texts only
/// the beginning is kept.
public final class Transcript {

    /// Of all prompts together, and of all answers.
    static final int MAX_CHARS = 16_384;

    private final StringBuilder prompt = new StringBuilder();
    private final Map<Integer, StringBuilder> answers = new TreeMap<>();
    private int numAnswerChars;

    Transcript() {}

    void ask(Prompt asked) {
        switch (asked) {
            case Prompt.Conversation(var messages, _) -> messages.forEach(this::ask);
            case Prompt.Text(String text) -> ask(text);
            case Prompt.Tokens(int[] ids) -> ask("<%,d token ids>".formatted(ids.length));
        }
    }

    private void ask(Message message) {
        ask(message.role().name().toLowerCase(Locale.ROOT) + ": ");
        message.content().forEach(part -> ask(text(part)));
        message.toolCalls().forEach(call -> ask("<call of %s>".formatted(call.name())));
        ask("\n");
    }

    private static String text(ContentPart part) {
        return switch (part) {
            case ContentPart.Text(String text) -> text;
            case ContentPart.Picture _ -> "<picture>";
            case ContentPart.Video _ -> "<video>";
            case ContentPart.Frames(var frames, _, _) ->
                    "<video of %,d frames>".formatted(frames.size());
            case ContentPart.File _ -> "<file>";
        };
    }

    void answer(int index, GenerationEvent event) {
        switch (event) {
            case GenerationEvent.TextDelta(String text, _) -> append(index, text);
            case GenerationEvent.ReasoningDelta(String text) -> append(index, text);
            case GenerationEvent.ToolCallBegun(_, _, String name) ->
                    append(index, "<call of %s>".formatted(name));
            case GenerationEvent.ToolArgumentsDelta(_, String json) -> append(index, json);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.Finished _,
                    GenerationEvent.Failed _ -> {}
        }
    }

    private void append(int index, String more) {
        int taken = Math.min(more.length(), MAX_CHARS - numAnswerChars);
        if (taken > 0) {
            answers.computeIfAbsent(index, _ -> new StringBuilder()).append(more, 0, taken);
            numAnswerChars += taken;
        }
    }

    private void ask(String more) {
        prompt.append(more, 0, Math.min(more.length(), MAX_CHARS - prompt.length()));
    }

    /// What was asked.
    String prompt() {
        return prompt.toString();
    }

    /// What was answered, reasoning included; several answers on lines of their own.
    String answer() {
        return String.join("\n", answers.values());
    }
}
