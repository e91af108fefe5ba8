package io.moonglass.runtime.djl;

import ai.djl.repository.zoo.ModelZoo;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.runtime.inprocess.InProcessBuilder;
import io.moonglass.runtime.inprocess.InProcessModel;
import java.net.URI;
import java.nio.file.Path;
import java.util.Set;

/// Where DJL finds a Moonglass model: a checkpoint folder, which is loaded into this process, or a server.
///
/// ```java
/// Criteria<VisionLanguageInput, VisionLanguageOutput> criteria =
///         Criteria.builder()
///                 .setTypes(VisionLanguageInput.class, VisionLanguageOutput.class)
///                 .optModelZoo(MoonglassZoo.ofFolder(folder))
///                 .build();
/// ```
///
/// Without a translator of its own a criteria's types must be these two, or [VisionLanguagePieces] for output, which
/// [ai.djl.inference.Predictor#streamingPredict(Object)] gives while the model answers. Other types want a [ChatTranslator]. A model's name
/// in the criteria is the one that a server is asked for.
public final class MoonglassZoo extends ModelZoo {

    static final String GROUP_ID = "io.moonglass";
    static final String ENGINE = "Moonglass";

    private MoonglassZoo(ModelSource source) {
        addModel(new MoonglassLoader(source));
    }

    /// A checkpoint folder; each model that is loaded holds it once, and gives it back when it is closed.
    public static MoonglassZoo ofFolder(Path folder) {
        return ofFolder(InProcessModel.builder(folder));
    }

    /// The same with other settings.
    public static MoonglassZoo ofFolder(InProcessBuilder settings) {
        return new MoonglassZoo(() -> {
            InProcessModel model = settings.load();
            return new ModelSource.Opened(model.client(), model::close);
        });
    }

    /// A model that is loaded already and stays when DJL's is closed.
    public static MoonglassZoo of(InProcessModel model) {
        return ofClient(model.client());
    }

    /// A server.
    ///
    /// @param server such as `http://127.0.0.1:8080`
    /// @throws IllegalArgumentException if it is no such address
    public static MoonglassZoo ofServer(URI server) {
        return ofClient(MoonglassClient.of(server));
    }

    /// A server, with a client that has keys, timeouts and the like.
    public static MoonglassZoo ofClient(MoonglassClient client) {
        return new MoonglassZoo(() -> new ModelSource.Opened(client, () -> {}));
    }

    @Override
    public String getGroupId() {
        return GROUP_ID;
    }

    @Override
    public Set<String> getSupportedEngines() {
        return Set.of(ENGINE);
    }
}
