package io.moonglass.runtime;

import java.util.Locale;

/// What can be done for a request, in the order in which it is.
public enum Stage {
    /// It is read, checked and made a prompt of; it may wait for its model to be loaded.
    ADMISSION,
    /// Media come from other hosts.
    DOWNLOAD,
    /// It waits for its turn: nothing else is done for it.
    QUEUE,
    /// Pixels are made of pictures, pages and frames.
    DECODE,
    /// Pictures are fitted and cut into patches.
    RESIZE,
    /// Rows for the decoder are made of patches.
    ENCODE,
    /// The prompt is computed.
    PROMPT,
    /// Tokens are generated.
    DECODING;

    /// As metrics and traces spell it.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
