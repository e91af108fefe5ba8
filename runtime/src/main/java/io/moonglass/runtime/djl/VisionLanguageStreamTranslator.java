package io.moonglass.runtime.djl;

import ai.djl.modality.cv.VisionLanguageInput;
import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import java.io.IOException;
import java.util.function.UnaryOperator;

/// Asks like a [VisionLanguageTranslator], for answers that are read while they come.
public final class VisionLanguageStreamTranslator
        extends StreamingChatTranslator<VisionLanguageInput, VisionLanguagePieces> {

    private final VisionLanguageQuestion question;

    /// Asks with the model's own settings.
    public VisionLanguageStreamTranslator() {
        this(request -> request);
    }

    /// @param settings of each request: how tokens are drawn, how many, what the system's message is
    public VisionLanguageStreamTranslator(UnaryOperator<ChatCompletionRequest.Builder> settings) {
        this.question = new VisionLanguageQuestion(settings);
    }

    /// @throws IllegalArgumentException if there is no question in the input, and there are no candidates
    /// @throws IOException              if the picture cannot be encoded
    @Override
    protected ChatCompletionRequest request(VisionLanguageInput input) throws IOException {
        return question.about(input).toBuilder().includeUsage().build();
    }

    @Override
    protected VisionLanguagePieces output(ChatCompletion answer) {
        return new VisionLanguagePieces(VisionLanguageOutput.of(answer));
    }

    @Override
    protected VisionLanguagePieces output(AnswerStream<ChatCompletionChunk> answer) {
        return new VisionLanguagePieces(answer);
    }
}
