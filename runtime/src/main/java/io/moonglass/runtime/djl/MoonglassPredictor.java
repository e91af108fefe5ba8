package io.moonglass.runtime.djl;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.TranslateException;
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

    MoonglassPredictor(MoonglassModel asked, ChatTranslator<I, O> translator, Device device) {
        super(asked, translator, device, false);
        this.asked = asked;
    }

    @Override
    public boolean supportsStreaming() {
        return translator instanceof StreamingChatTranslator;
    }

    /// An answer that has begun. Its pieces come by themselves, so it is the same whether it is asked for as DJL's iterative
    /// output or as its asynchronous one.
    ///
    /// @throws IllegalStateException if the translator is no [StreamingChatTranslator]
    @Override
    public StreamOutput<O> streamingPredict(I input) throws TranslateException {
        if (!(translator instanceof StreamingChatTranslator<I, O> streaming)) {
            throw new IllegalStateException(
                    "translator %s; want a StreamingChatTranslator, whose outputs are read as they come"
                            .formatted(translator.getClass().getName()));
        }
        try {
            return new BegunOutput<>(
                    streaming.output(asked.client().stream(named(streaming.request(input)))));
        } catch (Exception e) { // a translator may throw any
            throw new TranslateException(e);
        }
    }

    private static final class BegunOutput<O> extends StreamOutput<O> {

        private final O output;

        BegunOutput(O output) {
            this.output = output;
        }

        @Override
        protected O buildAsyncOutput() {
            return output;
        }

        @Override
        protected void computeAsyncOutputInternal(O begun) {}

        @Override
        public O getIterativeOutputInternal() {
            return output;
        }
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
