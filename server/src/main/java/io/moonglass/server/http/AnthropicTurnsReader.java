package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.wire.AttachmentReader;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.ToolsReader;
import io.moonglass.runtime.wire.Turns;
import io.moonglass.runtime.wire.WellFormed;
import java.util.ArrayList;
import java.util.List;

/// Reads `system` and `messages` of Anthropic's dialect as turns of a conversation.
final class AnthropicTurnsReader {

    private static final int MAX_MESSAGES = 4_096;
    private static final int MAX_BLOCKS = 1_024;
    private static final ContentPart ERROR = new ContentPart.Text("Error: ");

    private final MediaReaders media;
    private final Turns turns = new Turns();

    private AnthropicTurnsReader(MediaReaders media) {
        this.media = media;
    }

    /// @throws InvalidRequestException that names the message, block and field at fault
    static List<Message> read(RequestFields body, RequestFiles files) {
        AnthropicTurnsReader reader = new AnthropicTurnsReader(MediaReaders.of(body, files));
        if (body.has("system")) {
            reader.turns.say(Role.SYSTEM, reader.content(body, "system"));
        }
        List<RequestFields> messages = body.objects("messages", MAX_MESSAGES);
        messages.forEach(reader::message);
        RequestFields last = messages.getLast();
        if (last.requiredString("role").equals("assistant")) {
            throw InvalidRequestException.invalidValue(
                    last.pathOf("role"),
                    "%s is \"assistant\" in the last message, and an answer that was begun is not continued; want a user's message last"
                            .formatted(last.pathOf("role")));
        }
        return reader.turns.messages();
    }

    private void message(RequestFields message) {
        switch (message.requiredString("role")) {
            case "user" -> user(message);
            case "assistant" -> assistant(message);
            case "system" -> turns.say(Role.SYSTEM, content(message, "content"));
            default -> throw message.wrong("role", "user, assistant or system");
        }
    }

    /// Results of tools stand among a user's blocks, and are turns of their own.
    private void user(RequestFields message) {
        if (message.value("content").isTextual()) {
            turns.say(Role.USER, content(message, "content"));
            return;
        }
        List<ContentPart> said = new ArrayList<>();
        for (RequestFields block : message.objects("content", MAX_BLOCKS)) {
            if (block.requiredString("type").equals("tool_result")) {
                flush(Role.USER, said);
                turns.toolResult(block, "tool_use_id", result(block));
            } else {
                said.add(part(block));
            }
        }
        flush(Role.USER, said);
    }

    private void flush(Role role, List<ContentPart> said) {
        if (!said.isEmpty()) {
            turns.say(role, said);
            said.clear();
        }
    }

    private List<ContentPart> result(RequestFields block) {
        List<ContentPart> parts = new ArrayList<>();
        if (block.bool("is_error", false)) {
            parts.add(ERROR);
        }
        if (block.has("content") && !isEmptyList(block.value("content"))) {
            parts.addAll(content(block, "content"));
        }
        return parts;
    }

    private static boolean isEmptyList(JsonNode content) {
        return content.isArray() && content.isEmpty();
    }

    private void assistant(RequestFields message) {
        if (message.value("content").isTextual()) {
            turns.say(Role.ASSISTANT, content(message, "content"));
            return;
        }
        List<ContentPart> said = new ArrayList<>();
        List<ToolCall> calls = new ArrayList<>();
        for (RequestFields block : message.objects("content", MAX_BLOCKS)) {
            switch (block.requiredString("type")) {
                case "thinking", "redacted_thinking" -> {} // models are not shown it again
                case "tool_use" -> calls.add(call(block));
                default -> said.add(part(block));
            }
        }
        turns.say(Role.ASSISTANT, said);
        calls.forEach(turns::call);
    }

    private static ToolCall call(RequestFields block) {
        if (!block.value("input").isObject()) {
            throw block.wrong("input", "an object");
        }
        return new ToolCall(
                block.requiredString("id"),
                ToolsReader.name(block, "name"),
                WellFormed.text(block.value("input").toString()));
    }

    private List<ContentPart> content(RequestFields holder, String key) {
        JsonNode content = holder.value(key);
        if (content.isTextual()) {
            return List.of(new ContentPart.Text(WellFormed.text(content.textValue())));
        }
        if (!content.isArray()) {
            throw holder.wrong(key, "a string or a list of at least one block");
        }
        return holder.objects(key, MAX_BLOCKS).stream().map(this::part).toList();
    }

    private ContentPart part(RequestFields block) {
        return switch (block.requiredString("type")) {
            case "text" -> new ContentPart.Text(WellFormed.text(block.requiredString("text")));
            case "image" -> picture(block);
            case "document" -> document(block);
            case "search_result", "container_upload" ->
                    throw new InvalidRequestException(
                            InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                            block.pathOf("type"),
                            block.pathOf("type") + ": not built; send its text, or a document");
            default ->
                    throw block.wrong(
                            "type",
                            "text, image, document, and tool_result of a user or tool_use of the assistant");
        };
    }

    private ContentPart picture(RequestFields block) {
        RequestFields source =
                block.object("source").orElseThrow(() -> block.wrong("source", "an object"));
        return switch (source.requiredString("type")) {
            case "base64" -> media.pictures().inBase64(block, source, "data");
            case "url" -> media.pictures().at(source, "url");
            case "file" -> media.pictures().inFile(source, "file_id");
            default -> throw source.wrong("type", "base64, url or file");
        };
    }

    /// A PDF, or text that is one as it is.
    private ContentPart document(RequestFields block) {
        boolean isCited =
                block.object("citations")
                        .filter(citations -> citations.bool("enabled", false))
                        .isPresent();
        if (isCited) {
            throw ChatCallReader.unsupported(
                    block, "citations", "answers do not cite; leave it out");
        }
        RequestFields source =
                block.object("source").orElseThrow(() -> block.wrong("source", "an object"));
        AttachmentReader attachments = media.attachments();
        return switch (source.requiredString("type")) {
            case "base64" -> attachments.inBase64(block, source, "data");
            case "url" -> attachments.at(block, source, "url");
            case "file" -> attachments.uploaded(block, source, "file_id");
            case "text" -> new ContentPart.Text(WellFormed.text(source.requiredString("data")));
            default -> throw source.wrong("type", "base64, url, file or text");
        };
    }
}
