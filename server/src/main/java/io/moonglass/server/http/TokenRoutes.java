package io.moonglass.server.http;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.runtime.wire.TokenAnswers;
import io.moonglass.server.models.ModelPool;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What has to do with tokens alone: nothing here runs a model.
final class TokenRoutes {

    private final ServedModel served;
    private final RunningRequests requests;
    private final Optional<Duration> timeout;

    /// @param timeout of every request; one may ask for a shorter one
    TokenRoutes(ServedModel served, RunningRequests requests, Optional<Duration> timeout) {
        this.served = served;
        this.requests = requests;
        this.timeout = timeout;
    }

    List<Route> routes() {
        return List.of(
                route("/tokenize", TokenAnswers::tokenize),
                route("/v1/tokenize", TokenAnswers::tokenize),
                route(
                        "/detokenize",
                        (fields, model, _, _) -> TokenAnswers.detokenize(fields, model)),
                route(
                        "/v1/detokenize",
                        (fields, model, _, _) -> TokenAnswers.detokenize(fields, model)),
                route("/v1/count_tokens", TokenAnswers::count));
    }

    private interface Question {
        Object answer(
                RequestFields fields,
                ChatModel model,
                RequestFiles files,
                BooleanSupplier abandoned);
    }

    private Route route(String path, Question question) {
        return Route.limited(
                "POST",
                path,
                (exchange, _) -> {
                    RequestFields fields = RequestFields.of("", exchange.readJson());
                    try (ModelPool.Lease lease = served.lease(exchange, fields)) {
                        RequestFiles files = exchange.files();
                        exchange.answer(
                                requests.whileWanted(
                                        exchange,
                                        Answers.shorter(timeout, SamplingReader.timeout(fields)),
                                        abandoned ->
                                                question.answer(
                                                        fields, lease.model(), files, abandoned)));
                    }
                });
    }
}
