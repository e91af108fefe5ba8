package io.moonglass.runtime.djl;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.MoonglassClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Asks the questions of a batch at the same time, and waits for all answers.
final class MoonglassPredictor<I, O> extends Predictor<I, O> {

    private final MoonglassModel asked;

    MoonglassPredictor(MoonglassModel asked, Translator<I, O> translator, Device device) {
        super(asked, translator, device, false);
        this.asked = asked;
    }

    @Override
    protected NDList predictInternal(TranslatorContext context, NDList none) {
        MoonglassClient client = asked.client();
        List<CompletableFuture<ChatCompletion>> answers =
                ChatTranslator.requests(context).stream()
                        .map(request -> client.async().chat(named((ChatCompletionRequest) request)))
                        .toList();
        try {
            ChatTranslator.answer(context, answers.stream().map(CompletableFuture::join).toList());
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException fault ? fault : e;
        } finally {
            answers.forEach(answer -> answer.cancel(true)); // of no effect on those that have ended
        }
        return none;
    }

    private ChatCompletionRequest named(ChatCompletionRequest request) {
        boolean isNamed = request.model().isPresent() || asked.wantedModel() == null;
        return isNamed ? request : request.toBuilder().model(asked.wantedModel()).build();
    }
}
