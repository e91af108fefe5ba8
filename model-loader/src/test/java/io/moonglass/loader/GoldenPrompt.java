package io.moonglass.loader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A prompt of a prompts.json with the greedy answer of its model: of [TestModels#tinyRandom()], if no other is named.
///
/// @param messages        as recorded: content is a text or a list of parts
/// @param images          picture files in the order of the messages
/// @param numPromptTokens of which `numImageTokens` stand for pictures
/// @param newIds          the first tokens of the answer, past any stop token
/// @param newText         their text, special tokens included
public record GoldenPrompt(
        String name,
        JsonNode messages,
        List<Path> images,
        int numPromptTokens,
        int numImageTokens,
        List<Integer> newIds,
        String newText) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public static Stream<GoldenPrompt> all() {
        return in(TestModels.golden());
    }

    /// The prompts of another model.
    ///
    /// @param folder with its prompts.json, and the pictures in `images`
    public static Stream<GoldenPrompt> in(Path folder) {
        JsonNode file = file(folder);
        return file.get("prompts").properties().stream()
                .map(prompt -> of(prompt.getKey(), prompt.getValue(), file.get("images"), folder));
    }

    public static GoldenPrompt named(String name) {
        JsonNode file = file(TestModels.golden());
        return of(name, file.get("prompts").get(name), file.get("images"), TestModels.golden());
    }

    private static GoldenPrompt of(String name, JsonNode prompt, JsonNode sizes, Path folder) {
        List<Path> images = new ArrayList<>();
        int numImageTokens = 0;
        for (JsonNode image : prompt.get("images")) {
            images.add(folder.resolve("images").resolve(image.textValue()));
            numImageTokens +=
                    sizes.get(image.textValue().replace(".png", "")).get("tokens").asInt();
        }
        List<Integer> newIds = new ArrayList<>();
        prompt.get("new_ids").forEach(id -> newIds.add(id.intValue()));
        return new GoldenPrompt(
                name,
                prompt.get("messages"),
                images,
                prompt.get("input_ids").size(),
                numImageTokens,
                newIds,
                prompt.get("new_text").textValue());
    }

    private static JsonNode file(Path folder) {
        try {
            return JSON.readTree(folder.resolve("prompts.json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
