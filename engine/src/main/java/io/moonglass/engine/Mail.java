package io.moonglass.engine;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// What other threads tell the engine's.
sealed interface Mail {

    /// The branches of a request.
    record Submit(List<Sequence> sequences) implements Mail {}

    record Cancel(List<Sequence> sequences) implements Mail {}

    /// Forget what no sequence uses.
    ///
    /// @param numBlocks is told how many blocks were forgotten
    record Flush(CompletableFuture<Integer> numBlocks) implements Mail {}

    record Close() implements Mail {}
}
