package io.moonglass.clients;

import java.io.IOException;

/// Makes items of the events of one stream.
interface EventDecoder<T> {

    /// Its event is the last one of a stream that is whole.
    String DONE = "[DONE]";

    /// @param data of an event
    /// @throws MoonglassException if the event tells of a fault
    /// @throws IOException        if it is no event of such a stream
    T decode(String data) throws IOException;

    /// The answer's text so far.
    String text();
}
