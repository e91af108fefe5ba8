package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/// A model in this process, for a [MoonglassClient] that asks no server. It takes what a server takes at the same paths and
/// gives the same answers. Safe to use from any thread.
public interface ModelService {

    /// A whole answer. Cancelling the future ends the work for it.
    ///
    /// @param path such as `/v1/chat/completions`
    /// @param body must not change; null where the path takes none
    /// @return JSON in UTF-8; fails with a [ServiceFault]
    CompletableFuture<byte[]> answer(String path, JsonNode body);

    /// An answer in pieces, begun anew for each subscriber. Cancelling a subscription ends the work for it.
    ///
    /// @param path such as `/v1/chat/completions`
    /// @param body must not change
    /// @return JSON texts; fails with a [ServiceFault] instead of the first, and tells of later faults in an [ErrorBody]
    Flow.Publisher<String> stream(String path, JsonNode body);
}
