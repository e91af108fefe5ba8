package io.moonglass.server.models;

import io.moonglass.runtime.ChatModel;
import java.util.OptionalInt;

/// Where a model comes from, so that it can be loaded again. Used by one thread at a time.
public interface ModelSource {

    /// What requests call it.
    String name();

    /// Most tokens that prompt and answer may have together, as far as that is known before it is loaded.
    OptionalInt contextLength();

    /// Makes ready what it is loaded from, which may take minutes where weights are packed.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException      if its files cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if they are damaged
    Prepared prepare();

    /// A model that only has to be opened.
    interface Prepared {

        /// What it will take of the memory: weights, which are mapped and must stay there to be fast, the cache of keys
        /// and values, and that of encoded pictures.
        long memoryBytes();

        /// Opens it, ready to answer.
        ///
        /// @throws RuntimeException as [ModelSource#prepare()] does
        ChatModel open();
    }
}
