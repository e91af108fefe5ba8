package io.moonglass.runtime.djl;

import ai.djl.Application;
import ai.djl.Model;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.repository.MRL;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelLoader;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.util.Progress;
import java.util.Map;

/// Loads the one model of a [MoonglassZoo].
final class MoonglassLoader implements ModelLoader {

    private static final String ARTIFACT_ID = "vision-language";

    private final ModelSource source;

    MoonglassLoader(ModelSource source) {
        this.source = source;
    }

    /// @throws ModelNotFoundException if nobody can translate between the criteria's types
    @Override
    public <I, O> ZooModel<I, O> loadModel(Criteria<I, O> criteria) throws ModelNotFoundException {
        refuseUntranslatable(criteria);
        MoonglassModel model = MoonglassModel.open(source, criteria.getModelName());
        try {
            return new ZooModel<>(model, translator(criteria, model));
        } catch (TranslateException e) {
            model.close();
            throw new ModelNotFoundException("the criteria's translator cannot be made", e);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private static void refuseUntranslatable(Criteria<?, ?> criteria)
            throws ModelNotFoundException {
        boolean isOurs =
                criteria.getInputClass() == VisionLanguageInput.class
                        && (criteria.getOutputClass() == VisionLanguageOutput.class
                                || criteria.getOutputClass() == VisionLanguagePieces.class);
        if (criteria.getTranslatorFactory() == null && !isOurs) {
            throw new ModelNotFoundException(
                    "%s to %s: no such translator; want VisionLanguageInput to VisionLanguageOutput or VisionLanguagePieces, or a ChatTranslator"
                            .formatted(
                                    criteria.getInputClass().getSimpleName(),
                                    criteria.getOutputClass().getSimpleName()));
        }
    }

    @SuppressWarnings("unchecked") // refuseUntranslatable has looked at the types
    private static <I, O> Translator<I, O> translator(Criteria<I, O> criteria, Model model)
            throws TranslateException {
        if (criteria.getTranslatorFactory() == null) {
            return (Translator<I, O>)
                    (criteria.getOutputClass() == VisionLanguagePieces.class
                            ? new VisionLanguageStreamTranslator()
                            : new VisionLanguageTranslator());
        }
        Map<String, Object> arguments =
                criteria.getArguments() == null ? Map.of() : criteria.getArguments();
        return criteria.getTranslatorFactory()
                .newInstance(criteria.getInputClass(), criteria.getOutputClass(), model, arguments);
    }

    @Override
    public String getGroupId() {
        return MoonglassZoo.GROUP_ID;
    }

    @Override
    public String getArtifactId() {
        return ARTIFACT_ID;
    }

    @Override
    public Application getApplication() {
        return Application.UNDEFINED;
    }

    /// Of no repository.
    @Override
    public MRL getMrl() {
        return null;
    }

    @Override
    public <I, O> boolean isDownloaded(Criteria<I, O> criteria) {
        return true;
    }

    @Override
    public <I, O> void downloadModel(Criteria<I, O> criteria, Progress progress) {}
}
