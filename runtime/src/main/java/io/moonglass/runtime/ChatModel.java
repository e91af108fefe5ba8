package io.moonglass.runtime;

import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A loaded model that answers questions about text and pictures, in this process. Safe to use from
/// any thread.
public interface ChatModel extends AutoCloseable {

    /// The name that requests use for it: the folder's, unless the operator gave another.
    String name();

    /// Most tokens that prompt and answer may have together.
    int contextLength();

    /// What generation_config.json asks for where a request is silent.
    SamplingParameters defaultSampling();

    /// Prepares the prompt (media are fetched, decoded and encoded while the calling thread waits), hands it to
    /// the engine and returns. Events come on the engine's thread and must not block it.
    ///
    /// @param answers   one taker for every answer that is wanted; the seed of each is one higher than that
    ///                  of the one before
    /// @param abandoned asked now and then while the prompt is prepared: whether nobody waits any more
    /// @throws io.moonglass.loader.fault.InvalidRequestException if the request cannot be served
    /// @throws OverloadedException if too much is queued
    /// @throws io.moonglass.runtime.ocr.BlankTileException if a tile of [#openPages] shows nothing
    /// @throws java.util.concurrent.CancellationException if the request was abandoned meanwhile
    Generation generate(
            ChatRequest request,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned);

    /// The same for one answer, and a caller that stays.
    default Generation generate(ChatRequest request, Consumer<GenerationEvent> events) {
        return generate(request, List.of(events), () -> false);
    }

    /// What a prompt amounts to, exactly, without running the model: what [#generate] would say of it.
    ///
    /// @param format    of the answer, which conversations tell the model of
    /// @param abandoned asked now and then while media are fetched: whether nobody waits any more
    /// @throws io.moonglass.loader.fault.InvalidRequestException if the prompt is none
    PromptSize measure(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned);

    /// The same for a caller that stays.
    default PromptSize measure(Prompt prompt, AnswerFormat format) {
        return measure(prompt, format, () -> false);
    }

    /// Token ids of a prompt, a placeholder for every row of every picture; nothing is run.
    ///
    /// @param format    of the answer, which conversations tell the model of
    /// @param abandoned asked now and then while media are fetched: whether nobody waits any more
    /// @throws io.moonglass.loader.fault.InvalidRequestException if the prompt is none
    int[] render(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned);

    /// Token ids of a text.
    ///
    /// @param withSpecialTokens read the names of special tokens as those tokens
    int[] tokenize(String text, boolean withSpecialTokens);

    /// The text of tokens; bytes that are no UTF-8 become U+FFFD, special tokens their names.
    ///
    /// @throws io.moonglass.loader.fault.InvalidRequestException if there is no such token
    String detokenize(int[] tokenIds);

    /// Features of a text: the mean of the decoder's last normalised outputs over its tokens, `[hiddenSize]`.
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    Embedding embedText(Prompt text, RequestScope scope, BooleanSupplier abandoned);

    /// Features of a picture: the mean of its projector's rows, `[hiddenSize]`.
    ///
    /// @param param where the request has it, for faults
    Embedding embedPicture(
            ContentPart.Picture picture,
            String param,
            RequestScope scope,
            BooleanSupplier abandoned);

    /// Opens a picture or document to be read page by page: each page is tiles that fit this model, to be asked about
    /// with [#generate].
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    /// @return the caller's to close, after the last tile's answer was begun
    /// @throws io.moonglass.loader.fault.InvalidRequestException if it is neither, or a wanted page is not there
    OpenPages openPages(ContentPart.File file, PageWish wish, BooleanSupplier abandoned);

    /// How much it has done, and how it stands.
    ModelStatistics statistics();

    /// Drops what is kept for requests that come again; what running requests use stays.
    ///
    /// @return what was dropped
    default FlushedCaches flush(Set<ModelCache> caches) {
        return FlushedCaches.NONE;
    }

    /// Gives memory of caches back if the machine is short of it; to be called now and then.
    default void giveBackMemory() {}

    /// Runs what a first request would run, so that no caller pays for code that is not compiled yet;
    /// takes a few seconds. Does nothing where there is nothing to warm.
    default void warmUp() {}

    /// Ends running generations and gives memory and threads back.
    @Override
    void close();
}
