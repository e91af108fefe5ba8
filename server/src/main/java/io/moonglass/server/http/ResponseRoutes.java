package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.responses.ResponseStore;
import io.moonglass.server.responses.StoredResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What there is under `/v1/responses`.
final class ResponseRoutes {

    static final String PATH = "/v1/responses";

    private static final int DEFAULT_ITEMS = 20;
    private static final int MAX_ITEMS = 100;

    private final ServedModel served;
    private final Answers answers;
    private final RunningRequests requests;
    private final RunningResponses running = new RunningResponses();
    private final Optional<ResponseStore> store;
    private final int maxHistoryBytes;
    private final Optional<Duration> timeout;

    private record InputTokens(String object, @JsonProperty("input_tokens") int inputTokens) {}

    private record Deleted(String id, String object, boolean deleted) {}

    /// @param store           empty if no response is to be kept
    /// @param maxHistoryBytes of earlier responses that one request refers to
    /// @param timeout         of every request
    ResponseRoutes(
            ServedModel served,
            Answers answers,
            RunningRequests requests,
            Optional<ResponseStore> store,
            int maxHistoryBytes,
            Optional<Duration> timeout) {
        this.served = served;
        this.answers = answers;
        this.requests = requests;
        this.store = store;
        this.maxHistoryBytes = maxHistoryBytes;
        this.timeout = timeout;
    }

    List<Route> routes() {
        return List.of(
                Route.answering(PATH, (exchange, _) -> create(exchange)),
                Route.limited("POST", PATH + "/input_tokens", (exchange, _) -> count(exchange)),
                Route.limited("GET", PATH + "/{id}", this::get),
                Route.limited("DELETE", PATH + "/{id}", this::delete),
                Route.limited("GET", PATH + "/{id}/input_items", this::inputItems),
                Route.limited("POST", PATH + "/{id}/cancel", this::cancel));
    }

    private void create(Exchange exchange) {
        try (ResponsesCall call = call(exchange)) {
            answers.answer(exchange, call, served);
        }
    }

    private void count(Exchange exchange) {
        JsonNode body = exchange.readJson();
        try (ModelPool.Lease lease = served.lease(exchange, RequestFields.of("", body));
                ResponsesCall call = call(exchange)) {
            RequestFiles files = exchange.files();
            PromptSize size =
                    requests.whileWanted(
                            exchange,
                            timeout,
                            abandoned -> call.measure(body, lease.model(), files, abandoned));
            exchange.answer(new InputTokens("response.input_tokens", size.tokens()));
        }
    }

    private ResponsesCall call(Exchange exchange) {
        return new ResponsesCall(
                new KeptResponses(
                        store, exchange.caller(), maxHistoryBytes, exchange::coverHistory),
                running,
                new RunningRequests.Key(exchange.caller(), exchange.requestId()));
    }

    private void get(Exchange exchange, String id) {
        if (exchange.query("stream").filter("true"::equals).isPresent()) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                    "stream",
                    "stream: a response is streamed by the request that makes it alone; get it whole");
        }
        Optional<RunningResponses.Running> now = running.find(exchange.caller(), id);
        exchange.answer(
                now.isPresent() ? now.get().frame().inProgress() : stored(exchange, id).response());
    }

    private StoredResponse stored(Exchange exchange, String id) {
        return store.flatMap(kept -> kept.get(exchange.caller().tenant(), id))
                .orElseThrow(() -> HttpFault.responseNotFound(id));
    }

    private void delete(Exchange exchange, String id) {
        if (store.filter(kept -> kept.delete(exchange.caller().tenant(), id)).isEmpty()) {
            throw HttpFault.responseNotFound(id);
        }
        exchange.answer(new Deleted(id, "response", true));
    }

    /// Ends one that runs. One that has ended stays as it is.
    private void cancel(Exchange exchange, String id) {
        Optional<RunningResponses.Running> now = running.find(exchange.caller(), id);
        boolean ended = now.isPresent() && requests.cancel(now.get().request());
        exchange.answer(
                ended ? now.get().frame().cancelled(List.of()) : stored(exchange, id).response());
    }

    private void inputItems(Exchange exchange, String id) {
        List<JsonNode> items = new ArrayList<>();
        stored(exchange, id).input().forEach(items::add);
        PageQuery query = PageQuery.of(exchange, DEFAULT_ITEMS, MAX_ITEMS);
        PageQuery.Page<JsonNode> page =
                query.of(items.reversed(), item -> item.path("id").textValue());
        exchange.answer(page(page.items(), page.hasMore()));
    }

    private static ObjectNode page(List<JsonNode> items, boolean hasMore) {
        ObjectNode page = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = page.putArray("data");
        data.addAll(items);
        page.set("first_id", data.path(0).get("id"));
        page.set("last_id", data.path(data.size() - 1).get("id"));
        return page.put("has_more", hasMore);
    }
}
