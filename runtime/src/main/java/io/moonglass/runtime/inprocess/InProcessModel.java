package io.moonglass.runtime.inprocess;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import java.nio.file.Path;

/// A model in this process, asked as a server is: with the [MoonglassClient] that [#client()] gives. Nothing listens and
/// nothing is sent. Safe to use from any thread.
///
/// ```java
/// try (InProcessModel model = InProcessModel.load(Path.of("models/kimi-vl"))) {
///     System.out.println(model.client().ask("Who are you?"));
/// }
/// ```
///
/// Closing it ends the answers that are being generated: whoever waits for one gets an
/// [io.moonglass.clients.UnavailableException].
public final class InProcessModel implements AutoCloseable {

    private final ChatModel model;
    private final MoonglassClient client;

    private InProcessModel(ChatModel model) {
        this.model = model;
        this.client = MoonglassClient.of(new InProcessService(model));
    }

    /// Loads a checkpoint folder, packed or not, with the settings that suit this machine.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a JSON file cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged or missing
    public static InProcessModel load(Path folder) {
        return load(folder, ChatModelOptions.DEFAULT);
    }

    /// The same with other settings.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a JSON file cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged or missing
    public static InProcessModel load(Path folder, ChatModelOptions options) {
        return new InProcessModel(LocalChatModel.load(folder, options));
    }

    /// One that is loaded already, and is closed with this.
    public static InProcessModel of(ChatModel model) {
        return new InProcessModel(model);
    }

    /// Asks the model; of no use once this is closed.
    public MoonglassClient client() {
        return client;
    }

    /// The model itself, for its statistics and caches.
    public ChatModel chatModel() {
        return model;
    }

    @Override
    public void close() {
        model.close();
    }
}
