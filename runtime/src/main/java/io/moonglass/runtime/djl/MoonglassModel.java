package io.moonglass.runtime.djl;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Blocks;
import ai.djl.translate.Translator;
import ai.djl.util.passthrough.PassthroughNDManager;
import io.moonglass.clients.MoonglassClient;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/// A model as DJL sees one. It has no tensors of DJL's and no parameters; whatever asks for them gets none.
final class MoonglassModel extends BaseModel {

    private final MoonglassClient client;
    private final Runnable giveBack;
    private final String wantedModel;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private MoonglassModel(ModelSource.Opened opened, String name, String wantedModel) {
        super(name);
        this.client = opened.client();
        this.giveBack = opened.close();
        this.wantedModel = wantedModel;
        manager = PassthroughNDManager.INSTANCE;
        block = Blocks.identityBlock();
        dataType = DataType.FLOAT32;
    }

    /// @param wantedModel the name that is asked for; null where there is only one
    /// @throws io.moonglass.clients.MoonglassException if a server is not there, or has no such model
    static MoonglassModel open(ModelSource source, String wantedModel) {
        ModelSource.Opened opened = source.open();
        try {
            String name =
                    wantedModel == null
                            ? opened.client().models().data().get(0).id()
                            : opened.client().model(wantedModel).id();
            return new MoonglassModel(opened, name, wantedModel);
        } catch (RuntimeException | Error e) {
            opened.close().run();
            throw e;
        }
    }

    /// @throws IllegalStateException if the model is closed
    MoonglassClient client() {
        if (isClosed.get()) {
            throw new IllegalStateException("the model is closed; load it again");
        }
        return client;
    }

    /// Null where there is only one.
    String wantedModel() {
        return wantedModel;
    }

    /// @param translator a [ChatTranslator]
    /// @throws IllegalArgumentException if it is another
    @Override
    public <I, O> Predictor<I, O> newPredictor(Translator<I, O> translator, Device device) {
        if (!(translator instanceof ChatTranslator<I, O> asking)) {
            throw new IllegalArgumentException(
                    "translator %s; want a ChatTranslator, since this model takes questions and no tensors"
                            .formatted(translator.getClass().getName()));
        }
        return new MoonglassPredictor<>(this, asking, device);
    }

    @Override
    public void load(Path folder, String prefix, Map<String, ?> options) {
        throw new UnsupportedOperationException("this model is loaded already");
    }

    @Override
    public void close() {
        if (isClosed.compareAndSet(false, true)) {
            giveBack.run();
        }
    }
}
