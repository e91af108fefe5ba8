package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import java.util.ArrayList;
import java.util.List;

/// Reads the `messages` of a chat completion.
final class MessagesReader {

    private static final int MAX_MESSAGES = 4_096;
    private static final int MAX_PARTS = 1_024;
    private static final int MAX_CALLS = 128;

    private final PictureReader pictures;
    private final Turns turns = new Turns();

    MessagesReader(PictureReader pictures) {
        this.pictures = pictures;
    }

    /// @throws InvalidRequestException that names the message, part and field at fault
    List<Message> read(RequestFields body) {
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
                    pictures.inFile(
                            part.object("image_file")
                                    .orElseThrow(() -> part.wrong("image_file", "an object")),
                            "file_id");
            case "video_url", "input_video", "input_audio", "file", "input_file" ->
                    throw new InvalidRequestException(
                            InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                            part.pathOf("type"),
                            "%s: parts of type %s are not supported yet; want text and pictures"
                                    .formatted(part.pathOf("type"), part.requiredString("type")));
            default -> throw part.wrong("type", "\"text\" or \"image_url\"");
        };
    }

    /// An object with the `url` or the `file_id`, or one of them alone, as some clients write it.
    private ContentPart picture(RequestFields part) {
        if (part.has("file_id")) {
            return pictures.inFile(part, "file_id");
        }
        if (part.value("image_url").isTextual()) {
            return pictures.at(part, "image_url");
        }
        RequestFields image =
                part.object("image_url")
                        .orElseThrow(
                                () -> part.wrong("image_url", "an object with a url or a file_id"));
        return image.has("file_id") ? pictures.inFile(image, "file_id") : pictures.at(image, "url");
    }
}
