package io.moonglass.runtime.inprocess;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.runtime.ChatModel;
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
/// [io.moonglass.clients.UnavailableException], and so does whoever asks afterwards.
public final class InProcessModel implements AutoCloseable {

    private final ChatModel model;
    private final InProcessService service;
    private final MoonglassClient client;
    private boolean isClosed;

    private InProcessModel(ChatModel model) {
        this.model = model;
        this.service = new InProcessService(model);
        this.client = MoonglassClient.of(service);
    }

    /// Loads a checkpoint folder, packed or not, as `moonglass serve` does: a large checkpoint is packed into the user's cache
    /// before, once.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a JSON file cannot be used, or the disk has no room
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged or missing
    public static InProcessModel load(Path folder) {
        return builder(folder).load();
    }

    /// Says how a checkpoint folder is loaded.
    public static InProcessBuilder builder(Path folder) {
        return new InProcessBuilder(folder);
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

    /// Ends what runs and gives memory, threads and files back; does nothing the second time.
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        service.close();
        model.close();
    }
}
