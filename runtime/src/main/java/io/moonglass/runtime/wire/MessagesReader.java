package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import java.util.ArrayList;
import java.util.List;

/// Reads the `messages` of a chat completion.
public final class MessagesReader {

    private static final int MAX_MESSAGES = 4_096;
    private static final int MAX_PARTS = 1_024;
    private static final int MAX_CALLS = 128;

    private final MediaReaders media;
    private final Turns turns = new Turns();

    public MessagesReader(MediaReaders media) {
        this.media = media;
    }

    /// @throws InvalidRequestException that names the message, part and field at fault
    public List<Message> read(RequestFields body) {
        body.objects("messages", MAX_MESSAGES).forEach(this::message);
        return turns.messages();
    }

    private void message(RequestFields message) {
        switch (message.requiredString("role")) {
            case "system", "developer" -> turns.say(Role.SYSTEM, content(message));
            case "user" -> turns.say(Role.USER, content(message));
            case "assistant" -> assistant(message);
            case "tool" -> turns.toolResult(message, "tool_call_id", content(message));
            case "function" ->
                    turns.toolResult(ToolsReader.name(message, "name"), content(message));
            default -> throw message.wrong("role", "system, developer, user, assistant or tool");
        }
    }

    /// What the assistant said may be nothing where it called tools.
    private void assistant(RequestFields message) {
        List<ToolCall> calls = calls(message);
        JsonNode content = message.value("content");
        boolean isNothing = !message.has("content") || content.isArray() && content.isEmpty();
        boolean isSilent = !calls.isEmpty() && isNothing;
        turns.say(Role.ASSISTANT, isSilent ? List.of() : content(message));
        calls.forEach(turns::call);
    }

    private static List<ToolCall> calls(RequestFields message) {
        if (message.has("function_call")) {
            RequestFields call = message.object("function_call").orElseThrow();
            return List.of(call("", call));
        }
        List<ToolCall> calls = new ArrayList<>();
        for (RequestFields call : message.objectsIfAny("tool_calls", MAX_CALLS)) {
            RequestFields function =
                    call.object("function").orElseThrow(() -> call.wrong("function", "an object"));
            calls.add(call(call.requiredString("id"), function));
        }
        return calls;
    }

    private static ToolCall call(String id, RequestFields function) {
        return new ToolCall(
                id,
                ToolsReader.name(function, "name"),
                WellFormed.text(function.requiredString("arguments")));
    }

    private List<ContentPart> content(RequestFields message) {
        JsonNode content = message.value("content");
        if (content.isTextual()) {
            return List.of(new ContentPart.Text(WellFormed.text(content.textValue())));
        }
        if (!content.isArray() || content.isEmpty()) {
            throw message.wrong("content", "a string or a list of at least one part");
        }
        return message.objects("content", MAX_PARTS).stream().map(this::part).toList();
    }

    private ContentPart part(RequestFields part) {
        return switch (part.requiredString("type")) {
            case "text", "input_text", "output_text" ->
                    new ContentPart.Text(WellFormed.text(part.requiredString("text")));
            case "refusal" -> new ContentPart.Text(WellFormed.text(part.requiredString("refusal")));
            case "image_url", "input_image" -> picture(part);
            case "image_file" ->
                    media.pictures()
                            .inFile(
                                    part.object("image_file")
                                            .orElseThrow(
                                                    () -> part.wrong("image_file", "an object")),
                                    "file_id");
            case "video_url" -> media.videos().video(part, "video_url");
            case "input_video" ->
                    media.videos().video(part, part.has("video") ? "video" : "video_url");
            case "video" -> media.videos().video(part, "video");
            case "file" ->
                    media.attachments()
                            .file(
                                    part.object("file")
                                            .orElseThrow(() -> part.wrong("file", "an object")));
            case "input_file" -> media.attachments().file(part);
            case "input_audio" ->
                    throw new InvalidRequestException(
                            InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                            part.pathOf("type"),
                            "%s: nothing is heard here; send text, pictures, videos or documents"
                                    .formatted(part.pathOf("type")));
            default ->
                    throw part.wrong("type", "\"text\", \"image_url\", \"video_url\" or \"file\"");
        };
    }

    /// An object with the `url` or the `file_id`, or one of them alone, as some clients write it.
    private ContentPart picture(RequestFields part) {
        if (part.has("file_id")) {
            return media.pictures().inFile(part, "file_id");
        }
        if (part.value("image_url").isTextual()) {
            return media.pictures().at(part, "image_url");
        }
        RequestFields image =
                part.object("image_url")
                        .orElseThrow(
                                () -> part.wrong("image_url", "an object with a url or a file_id"));
        return image.has("file_id")
                ? media.pictures().inFile(image, "file_id")
                : media.pictures().at(image, "url");
    }
}
