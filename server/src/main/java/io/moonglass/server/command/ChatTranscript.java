package io.moonglass.server.command;

import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MediaSource;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/// A conversation in a file: as a request's `messages` in JSON, or for people in Markdown. Media are named, not copied.
final class ChatTranscript {

    private final List<ChatMessage> messages;

    ChatTranscript(List<ChatMessage> messages) {
        this.messages = messages;
    }

    /// @throws ConfigException if the file is there already or cannot be written
    void save(String name) {
        boolean isJson = name.toLowerCase(Locale.ROOT).endsWith(".json");
        try {
            Files.writeString(
                    Path.of(name), isJson ? json() : markdown(), StandardOpenOption.CREATE_NEW);
        } catch (FileAlreadyExistsException e) {
            throw new ConfigException(
                    "/save %s: is there already; want another name".formatted(name), e);
        } catch (IOException | InvalidPathException e) {
            throw new ConfigException("/save %s: cannot be written".formatted(name), e);
        }
    }

    private String json() throws IOException {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode all = root.putArray("messages");
        for (ChatMessage message : messages) {
            ArrayNode content = all.addObject().put("role", message.role()).putArray("content");
            message.parts().forEach(part -> write(part, content.addObject()));
        }
        return new ObjectMapper().writer(new DefaultPrettyPrinter()).writeValueAsString(root)
                + "\n";
    }

    private static void write(ContentPart part, ObjectNode node) {
        switch (part) {
            case ContentPart.Text text -> node.put("type", "text").put("text", text.text());
            case ContentPart.Image image -> address(node, "image_url", image.source());
            case ContentPart.Video video -> address(node, "video_url", video.source());
            case ContentPart.Document document ->
                    node.put("type", "file")
                            .putObject("file")
                            .put("file_data", name(document.source()));
        }
    }

    private static void address(ObjectNode node, String type, MediaSource source) {
        node.put("type", type).putObject(type).put("url", name(source));
    }

    private String markdown() {
        StringBuilder text = new StringBuilder("# Conversation\n");
        for (ChatMessage message : messages) {
            text.append(message.role().equals("user") ? "\n## Question\n" : "\n## Answer\n");
            for (ContentPart part : message.parts()) {
                text.append('\n').append(markdown(part)).append('\n');
            }
        }
        return text.toString();
    }

    private static String markdown(ContentPart part) {
        return switch (part) {
            case ContentPart.Text text -> text.text().strip();
            case ContentPart.Image image -> "![picture](<%s>)".formatted(name(image.source()));
            case ContentPart.Video video -> "[video](<%s>)".formatted(name(video.source()));
            case ContentPart.Document document -> "[PDF](<%s>)".formatted(name(document.source()));
        };
    }

    private static String name(MediaSource source) {
        return switch (source) {
            case MediaSource.LocalFile file -> file.path().toUri().toString();
            case MediaSource.Address address -> address.address();
            case MediaSource.Uploaded uploaded -> uploaded.id();
            case MediaSource.Bytes _ -> "standard input";
        };
    }
}
