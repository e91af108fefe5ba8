package io.moonglass.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.GoldenPrompt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;

/// Recorded prompts as requests.
final class GoldenRequests {

    private GoldenRequests() {}

    /// The request that was recorded, with its pictures as bytes.
    static ChatRequest of(GoldenPrompt prompt) {
        return of(messages(prompt, file -> ContentPart.Picture.of(bytes(file))), prompt);
    }

    /// The same with its pictures as addresses.
    static ChatRequest withAddresses(GoldenPrompt prompt) {
        return of(messages(prompt, file -> ContentPart.Picture.at(address(bytes(file)))), prompt);
    }

    static ChatRequest of(List<Message> messages, GoldenPrompt prompt) {
        return ChatRequest.of(messages, SamplingParameters.GREEDY)
                .withAnswer(answer ->
                        answer.maxTokens(OptionalInt.of(prompt.newIds().size()))
                                .ignoreEos(true)
                                .skipSpecialTokens(false));
    }

    static String address(byte[] picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(picture);
    }

    static List<Message> messages(GoldenPrompt prompt, Function<Path, ContentPart> picture) {
        Iterator<Path> images = prompt.images().iterator();
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : prompt.messages()) {
            Role role = Role.valueOf(message.get("role").textValue().toUpperCase());
            JsonNode content = message.get("content");
            if (content.isTextual()) {
                messages.add(Message.text(role, content.textValue()));
                continue;
            }
            List<ContentPart> parts = new ArrayList<>();
            for (JsonNode part : content) {
                parts.add(
                        part.has("image")
                                ? picture.apply(images.next())
                                : new ContentPart.Text(part.get("text").textValue()));
            }
            messages.add(new Message(role, parts));
        }
        return messages;
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
