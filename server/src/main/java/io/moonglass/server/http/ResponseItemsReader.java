package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.ToolsReader;
import io.moonglass.runtime.wire.Turns;
import io.moonglass.runtime.wire.WellFormed;
import java.util.List;

/// Reads items of a response's input, and of earlier responses, as turns of a conversation.
final class ResponseItemsReader {

    private static final int MAX_PARTS = 1_024;

    /// Finds an item that was stored.
    interface StoredItems {
        /// @param reference has the item's `id`
        /// @throws RuntimeException that the caller has no such item
        JsonNode find(RequestFields reference);
    }

    private final StoredItems stored;
    private final MediaReaders media;
    private final Turns turns = new Turns();

    ResponseItemsReader(StoredItems stored, MediaReaders media) {
        this.stored = stored;
        this.media = media;
    }

    void say(Role role, String text) {
        turns.say(role, List.of(new ContentPart.Text(WellFormed.text(text))));
    }

    /// @throws InvalidRequestException that names the field at fault
    void read(RequestFields item) {
        switch (typeOf(item)) {
            case "message" -> message(item);
            case "function_call" ->
                    turns.call(
                            new ToolCall(
                                    item.requiredString("call_id"),
                                    ToolsReader.name(item, "name"),
                                    WellFormed.text(item.requiredString("arguments"))));
            case "function_call_output" ->
                    turns.toolResult(item, "call_id", content(item, "output"));
            case "reasoning" -> {} // of earlier turns; models are not shown it again
            case "item_reference" -> readStored(item);
            default ->
                    throw item.wrong(
                            "type",
                            "message, function_call, function_call_output, reasoning or item_reference");
        }
    }

    private void readStored(RequestFields reference) {
        RequestFields item = RequestFields.of(reference.pathOf("id"), stored.find(reference));
        if (typeOf(item).equals("item_reference")) {
            throw reference.wrong("id", "an item that is no reference itself");
        }
        read(item);
    }

    List<Message> messages() {
        return turns.messages();
    }

    boolean isEmpty() {
        return turns.isEmpty();
    }

    /// Messages and references may be written without their type.
    static String typeOf(RequestFields item) {
        if (item.has("type")) {
            return item.requiredString("type");
        }
        return item.has("id") && !item.has("role") ? "item_reference" : "message";
    }

    private void message(RequestFields item) {
        Role role =
                switch (item.requiredString("role")) {
                    case "system", "developer" -> Role.SYSTEM;
                    case "user" -> Role.USER;
                    case "assistant" -> Role.ASSISTANT;
                    default -> throw item.wrong("role", "system, developer, user or assistant");
                };
        turns.say(role, content(item, "content"));
    }

    private List<ContentPart> content(RequestFields item, String key) {
        JsonNode content = item.value(key);
        if (content.isTextual()) {
            return List.of(new ContentPart.Text(WellFormed.text(content.textValue())));
        }
        if (!content.isArray()) {
            throw item.wrong(key, "a string or a list of parts");
        }
        return content.isEmpty()
                ? List.of()
                : item.objects(key, MAX_PARTS).stream().map(this::part).toList();
    }

    private ContentPart part(RequestFields part) {
        return switch (part.requiredString("type")) {
            case "input_text", "output_text", "text" -> text(part, "text");
            case "refusal" -> text(part, "refusal");
            case "input_image" -> picture(part);
            case "input_file" -> media.attachments().file(part);
            case "input_video" ->
                    media.videos().video(part, part.has("video") ? "video" : "video_url");
            case "input_audio" ->
                    throw new InvalidRequestException(
                            InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                            part.pathOf("type"),
                            part.pathOf("type")
                                    + ": nothing is heard here; send text, pictures, videos or documents");
            default ->
                    throw part.wrong(
                            "type",
                            "input_text, output_text, refusal, input_image, input_file or input_video");
        };
    }

    private static ContentPart text(RequestFields part, String key) {
        return new ContentPart.Text(WellFormed.text(part.requiredString(key)));
    }

    private ContentPart picture(RequestFields part) {
        return part.has("file_id")
                ? media.pictures().inFile(part, "file_id")
                : media.pictures().at(part, "image_url");
    }
}
