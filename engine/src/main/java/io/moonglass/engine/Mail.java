package io.moonglass.engine;

import java.util.List;

/// What other threads tell the engine's.
sealed interface Mail {

    /// The branches of a request.
    record Submit(List<Sequence> sequences) implements Mail {}

    record Cancel(List<Sequence> sequences) implements Mail {}

    record Close() implements Mail {}
}
