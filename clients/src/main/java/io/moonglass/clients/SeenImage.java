package io.moonglass.clients;

/// A picture as the model saw it.
///
/// @param width  pixels after it was shrunk
/// @param height the same
/// @param tokens of the prompt that stand for it
public record SeenImage(int width, int height, int tokens) {}
