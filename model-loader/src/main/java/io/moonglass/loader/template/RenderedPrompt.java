package io.moonglass.loader.template;

/// A conversation as the model reads it.
///
/// @param text     what the chat template wrote, one placeholder per picture
/// @param expanded the same with every picture's placeholder repeated once per token of the picture
/// @param tokenIds `[numTokens]` of the expanded text
public record RenderedPrompt(String text, String expanded, int[] tokenIds) {}
