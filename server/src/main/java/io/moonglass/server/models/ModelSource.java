package io.moonglass.server.models;

import io.moonglass.runtime.ChatModel;
import java.util.function.Supplier;

/// A model that can be loaded.
///
/// @param name  what requests call it
/// @param bytes what it takes of the memory for models while it is loaded
/// @param open  loads it and makes it ready, which takes long; may be called again after it was closed
public record ModelSource(String name, long bytes, Supplier<ChatModel> open) {}
