package io.moonglass.runtime.djl;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletionChunk;

/// One whose outputs can be had while the model still answers, from
/// [ai.djl.inference.Predictor#streamingPredict(Object)].
///
/// @param <I> the input type
/// @param <O> the output type, which is read as it comes
public abstract class StreamingChatTranslator<I, O> extends ChatTranslator<I, O> {

    /// What comes of an answer that has begun.
    ///
    /// @param answer the output's to read and close
    protected abstract O output(AnswerStream<ChatCompletionChunk> answer);
}
