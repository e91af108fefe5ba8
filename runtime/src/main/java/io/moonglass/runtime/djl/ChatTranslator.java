package io.moonglass.runtime.djl;

import ai.djl.ndarray.NDList;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionRequest;
import java.util.List;

/// Makes questions to a model of inputs, and outputs of its answers. No tensors pass between the two: what is asked and
/// answered is attached to the context, and the lists of arrays are empty.
///
/// @param <I> the input type
/// @param <O> the output type
public abstract class ChatTranslator<I, O> implements Translator<I, O> {

    private static final String REQUESTS = "io.moonglass.requests";
    private static final String ANSWERS = "io.moonglass.answers";

    /// What the model is asked about an input.
    ///
    /// @throws Exception if the input cannot be asked about
    protected abstract ChatCompletionRequest request(I input) throws Exception;

    /// What comes of the model's answer.
    protected abstract O output(ChatCompletion answer);

    static List<?> requests(TranslatorContext context) {
        return (List<?>) context.getAttachment(REQUESTS);
    }

    static void answer(TranslatorContext context, List<ChatCompletion> answers) {
        context.setAttachment(ANSWERS, answers);
    }

    /// The inputs of a batch are asked about at the same time, so they come here together.
    @Override
    public final Batchifier getBatchifier() {
        return Batchifier.STACK;
    }

    @Override
    public final NDList batchProcessInput(TranslatorContext context, List<I> inputs)
            throws Exception {
        ChatCompletionRequest[] requests = new ChatCompletionRequest[inputs.size()];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = request(inputs.get(i));
        }
        context.setAttachment(REQUESTS, List.of(requests));
        return new NDList();
    }

    @Override
    public final List<O> batchProcessOutput(TranslatorContext context, NDList none) {
        List<?> answers = (List<?>) context.getAttachment(ANSWERS);
        return answers.stream().map(answer -> output((ChatCompletion) answer)).toList();
    }

    @Override
    public final NDList processInput(TranslatorContext context, I input) throws Exception {
        return batchProcessInput(context, List.of(input));
    }

    @Override
    public final O processOutput(TranslatorContext context, NDList none) {
        return batchProcessOutput(context, none).getFirst();
    }
}
