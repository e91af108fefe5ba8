package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.responses.ResponseStore;
import io.moonglass.server.responses.StoredResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The responses of one request's caller, as the request refers to them. Used by the request's thread.
final class KeptResponses {

    /// Ids of items name their response.
    private static final Pattern ITEM_ID =
            Pattern.compile("[a-z]{2,4}_([0-9a-f]{32})_i?[0-9]{1,6}");

    private static final int MAX_HISTORY = 4_096;

    private final Optional<ResponseStore> store;
    private final Caller caller;
    private final int maxBytes;
    private final LongConsumer memory;
    private final Map<String, StoredResponse> read = new HashMap<>();
    private List<String> history = List.of();
    private long numBytes;

    /// @param store    empty if this server keeps none
    /// @param maxBytes of all responses that the request refers to
    /// @param memory   told how many bytes they are together, before more of them are read
    KeptResponses(Optional<ResponseStore> store, Caller caller, int maxBytes, LongConsumer memory) {
        this.store = store;
        this.caller = caller;
        this.maxBytes = maxBytes;
        this.memory = memory;
    }

    /// Whether this server keeps any.
    boolean areKept() {
        return store.isPresent();
    }

    /// A response and all before it, the first one first.
    ///
    /// @param request has the id of the last one under `key`
    /// @throws HttpFault 404 if one of them is not there
    List<StoredResponse> upTo(RequestFields request, String key) {
        String param = request.pathOf(key);
        List<StoredResponse> latestFirst = new ArrayList<>();
        String id = request.requiredString(key);
        while (id != null) {
            if (latestFirst.size() == MAX_HISTORY) {
                throw InvalidRequestException.invalidValue(
                        param,
                        "%s: more than %,d responses come before it; begin a new conversation"
                                .formatted(param, MAX_HISTORY));
            }
            String wanted = id;
            StoredResponse found =
                    read(wanted, param)
                            .orElseThrow(() -> HttpFault.previousResponseNotFound(param, wanted));
            latestFirst.add(found);
            id = found.response().path("previous_response_id").textValue();
        }
        history = latestFirst.stream().map(StoredResponse::id).toList();
        return latestFirst.reversed();
    }

    /// An item of the input or output of any response.
    ///
    /// @param reference has its id
    /// @throws HttpFault 404 if there is none
    JsonNode item(RequestFields reference) {
        String itemId = reference.requiredString("id");
        String param = reference.pathOf("id");
        Matcher parts = ITEM_ID.matcher(itemId);
        return Optional.of(parts)
                .filter(Matcher::matches)
                .flatMap(_ -> read("resp_" + parts.group(1), param))
                .flatMap(response -> itemIn(response, itemId))
                .orElseThrow(() -> HttpFault.itemNotFound(param, itemId));
    }

    private static Optional<JsonNode> itemIn(StoredResponse response, String itemId) {
        return Stream.of(response.input(), response.response().path("output"))
                .flatMap(JsonNode::valueStream)
                .filter(item -> itemId.equals(item.path("id").textValue()))
                .findFirst();
    }

    private Optional<StoredResponse> read(String id, String param) {
        StoredResponse known = read.get(id);
        if (known != null || store.isEmpty()) {
            return Optional.ofNullable(known);
        }
        OptionalLong size = store.get().size(caller.tenant(), id);
        if (size.isEmpty()) {
            return Optional.empty();
        }
        numBytes += size.getAsLong();
        if (numBytes > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    param,
                    "%s: the conversation before it is larger than %,d bytes; begin a new one, or send smaller pictures"
                            .formatted(param, maxBytes));
        }
        memory.accept(numBytes);
        Optional<StoredResponse> found = store.get().get(caller.tenant(), id);
        found.ifPresent(response -> read.put(id, response));
        return found;
    }

    /// Keeps the request's own response.
    ///
    /// @return whether it is kept now
    boolean put(StoredResponse response) {
        boolean kept = store.filter(some -> some.put(caller.tenant(), response)).isPresent();
        // so that no response is dropped before those that go on from it
        history.forEach(id -> store.get().size(caller.tenant(), id));
        return kept;
    }
}
