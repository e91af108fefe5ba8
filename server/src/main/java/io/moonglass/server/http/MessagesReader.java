package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import java.util.List;

/// Reads the `messages` of a chat request.
final class MessagesReader {

    private static final int MAX_MESSAGES = 4_096;
    private static final int MAX_PARTS = 1_024;

    private MessagesReader() {}

    /// @throws InvalidRequestException that names the message, part and field at fault
    static List<Message> read(RequestFields body) {
        return body.objects("messages", MAX_MESSAGES).stream()
                .map(MessagesReader::message)
                .toList();
    }

    private static Message message(RequestFields message) {
        Role role = role(message);
        JsonNode content = message.value("content");
        if (!message.value("tool_calls").isEmpty()) {
            throw toolsUnsupported(message.pathOf("tool_calls"));
        }
        if (content.isTextual()) {
            return Message.text(role, WellFormed.text(content.textValue()));
        }
        if (!content.isArray() || content.isEmpty()) {
            throw message.wrong("content", "a string or a list of at least one part");
        }
        return new Message(
                role,
                message.objects("content", MAX_PARTS).stream().map(MessagesReader::part).toList());
    }

    private static Role role(RequestFields message) {
        return switch (message.requiredString("role")) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "tool", "function" -> throw toolsUnsupported(message.pathOf("role"));
            default -> throw message.wrong("role", "system, developer, user or assistant");
        };
    }

    private static ContentPart part(RequestFields part) {
        return switch (part.requiredString("type")) {
            case "text" -> new ContentPart.Text(WellFormed.text(part.requiredString("text")));
            case "image_url" -> new ContentPart.ImageUrl(imageUrl(part));
            default -> throw part.wrong("type", "\"text\" or \"image_url\"");
        };
    }

    /// An object with the `url`, or the address alone, as some clients write it.
    private static String imageUrl(RequestFields part) {
        if (part.value("image_url").isTextual()) {
            return dataAddress(part, "image_url");
        }
        return part.object("image_url")
                .map(image -> dataAddress(image, "url"))
                .orElseThrow(() -> part.wrong("image_url", "an object with a url"));
    }

    private static String dataAddress(RequestFields holder, String key) {
        String address = holder.requiredString(key);
        if (!address.regionMatches(true, 0, "data:", 0, "data:".length())) {
            throw holder.wrong(
                    key,
                    "a data: address such as data:image/png;base64,...; nothing is fetched from elsewhere yet");
        }
        return address;
    }

    private static InvalidRequestException toolsUnsupported(String where) {
        return new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                where,
                where + ": messages of tools are not supported yet");
    }
}
