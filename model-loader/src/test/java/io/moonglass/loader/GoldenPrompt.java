package io.moonglass.loader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A prompt of prompts.json with the greedy answer of [TestModels#tinyRandom()].
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
    private static final Path FILE = TestModels.golden().resolve("prompts.json");

    public static Stream<GoldenPrompt> all() {
        JsonNode file = file();
        return file.get("prompts").properties().stream()
                .map(prompt -> of(prompt.getKey(), prompt.getValue(), file.get("images")));
    }

    public static GoldenPrompt named(String name) {
        return of(name, file().get("prompts").get(name), file().get("images"));
    }

    private static GoldenPrompt of(String name, JsonNode prompt, JsonNode sizes) {
        List<Path> images = new ArrayList<>();
        int numImageTokens = 0;
        for (JsonNode image : prompt.get("images")) {
            images.add(TestModels.golden().resolve("images").resolve(image.textValue()));
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

    private static JsonNode file() {
        try {
            return JSON.readTree(FILE.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
