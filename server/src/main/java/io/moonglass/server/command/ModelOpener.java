package io.moonglass.server.command;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import java.nio.file.Path;

/// Opens a checkpoint as a model that answers.
@FunctionalInterface
public interface ModelOpener {

    /// @param directory a checkpoint in Hugging Face layout
    /// @throws io.moonglass.loader.fault.ConfigException      if the folder cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if the checkpoint is damaged
    ChatModel open(Path directory, ChatModelOptions options);
}
