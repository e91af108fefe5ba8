package io.moonglass.server.command;

import io.moonglass.runtime.ChatModel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/// Opens a checkpoint as a model that answers.
@FunctionalInterface
public interface ModelOpener {

    /// @param directory  a checkpoint in Hugging Face layout
    /// @param name       the name that requests use; empty for the folder's
    /// @param numThreads threads that compute; empty for one to each core
    /// @throws io.moonglass.loader.fault.ConfigException      if the folder cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    ChatModel open(Path directory, Optional<String> name, OptionalInt numThreads);
}
