package io.moonglass.runtime;

import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/// A model beside another form of it, the reference: both read the same prompt, and then, token by
/// token, the answer that the reference gives. So every position has the same past in both, and a
/// difference of their logits is one of weights and arithmetic. One thread at a time.
public final class ModelComparison implements AutoCloseable {

    private final ForcedAnswer referenceAnswer = new ForcedAnswer();
    private final ForcedAnswer modelAnswer = new ForcedAnswer();
    private final LocalChatModel reference;
    private final LocalChatModel model;

    /// @param answer     the reference's, as text
    /// @param difference over all tokens of it
    public record Compared(String answer, LogitDifference difference) {}

    private record Generated(String text, List<Integer> tokenIds) {}

    /// @throws ConfigException if a folder cannot be used, or the models have different vocabularies
    /// @throws io.moonglass.loader.fault.ModelFormatException if a checkpoint is damaged
    public ModelComparison(Path model, Path reference, ChatModelOptions options) {
        this.reference = LocalChatModel.load(reference, options, referenceAnswer);
        try {
            this.model = LocalChatModel.load(model, options, modelAnswer);
        } catch (RuntimeException | Error e) {
            this.reference.close();
            throw e;
        }
        if (this.model.vocabSize() != this.reference.vocabSize()) {
            close();
            throw new ConfigException(
                    "%s has a vocabulary of %,d and %s one of %,d; compare two forms of one model"
                            .formatted(
                                    model,
                                    this.model.vocabSize(),
                                    reference,
                                    this.reference.vocabSize()));
        }
    }

    /// Compares over the reference's most likely answer.
    ///
    /// @throws io.moonglass.loader.fault.InvalidRequestException if a prompt cannot be read
    public Compared compare(List<Message> messages, int maxTokens) {
        referenceAnswer.begin(List.of());
        Generated answer = generate(reference, messages, maxTokens, false);
        modelAnswer.begin(answer.tokenIds());
        generate(model, messages, answer.tokenIds().size(), true);

        List<float[]> expectedLogits = referenceAnswer.logits();
        List<float[]> actualLogits = modelAnswer.logits();
        LogitDifference difference = LogitDifference.NONE;
        for (int i = 0; i < answer.tokenIds().size(); i++) {
            LogitDifference here = LogitDifference.of(actualLogits.get(i), expectedLogits.get(i));
            difference = difference.plus(here);
        }
        return new Compared(answer.text(), difference);
    }

    @Override
    public void close() {
        model.close();
        reference.close();
    }

    private static Generated generate(
            LocalChatModel model, List<Message> messages, int maxTokens, boolean ignoreEos) {
        ChatRequest request =
                ChatRequest.of(messages, SamplingParameters.GREEDY)
                        .withAnswer(answer ->
                                answer.maxTokens(OptionalInt.of(maxTokens)).ignoreEos(ignoreEos));
        StringBuilder text = new StringBuilder();
        CompletableFuture<List<Integer>> tokenIds = new CompletableFuture<>();
        model.generate(
                request,
                event -> {
                    switch (event) {
                        case GenerationEvent.TextDelta(String more, _) -> text.append(more);
                        case GenerationEvent.ReasoningDelta _,
                                GenerationEvent.PromptMeasured _,
                                GenerationEvent.PicturesPrepared _,
                                GenerationEvent.PromptScored _,
                                GenerationEvent.ToolCallBegun _,
                                GenerationEvent.ToolArgumentsDelta _ -> {}
                        case GenerationEvent.Finished finished ->
                                tokenIds.complete(finished.tokenIds());
                        case GenerationEvent.Failed(RuntimeException cause) ->
                                tokenIds.completeExceptionally(cause);
                    }
                });
        List<Integer> chosen = tokenIds.join(); // and only then is the text whole
        return new Generated(text.toString(), chosen);
    }
}
