package io.moonglass.runtime.djl;

import ai.djl.modality.cv.VisionLanguageInput;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionRequest;
import java.io.IOException;
import java.util.function.UnaryOperator;

/// Asks a question about a picture. Of an input with candidates the answer is one of them; its hypothesis template, with `{}`
/// in the candidate's place, says in which words the model is shown them. An input without a picture is a plain question.
public final class VisionLanguageTranslator
        extends ChatTranslator<VisionLanguageInput, VisionLanguageOutput> {

    private final VisionLanguageQuestion question;

    /// Asks with the model's own settings.
    public VisionLanguageTranslator() {
        this(request -> request);
    }

    /// @param settings of each request: how tokens are drawn, how many, what the system's message is
    public VisionLanguageTranslator(UnaryOperator<ChatCompletionRequest.Builder> settings) {
        this.question = new VisionLanguageQuestion(settings);
    }

    /// @throws IllegalArgumentException if there is no question in the input, and there are no candidates
    /// @throws IOException              if the picture cannot be encoded
    @Override
    protected ChatCompletionRequest request(VisionLanguageInput input) throws IOException {
        return question.about(input);
    }

    @Override
    protected VisionLanguageOutput output(ChatCompletion answer) {
        return VisionLanguageOutput.of(answer);
    }
}
