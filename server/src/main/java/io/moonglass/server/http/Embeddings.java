package io.moonglass.server.http;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.wire.EmbeddingCall;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.server.models.ModelPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/// Answers `POST /v1/embeddings`: features of texts and pictures.
final class Embeddings {

    private final ServedModel served;
    private final RunningRequests requests;
    private final Optional<Duration> timeout;

    /// @param timeout of every request; one may ask for a shorter one
    Embeddings(ServedModel served, RunningRequests requests, Optional<Duration> timeout) {
        this.served = served;
        this.requests = requests;
        this.timeout = timeout;
    }

    void answer(Exchange exchange) {
        RequestFields fields = RequestFields.of("", exchange.readJson());
        try (ModelPool.Lease lease = served.lease(exchange, fields)) {
            answer(exchange, fields, lease.model());
        }
    }

    private void answer(Exchange exchange, RequestFields fields, ChatModel model) {
        EmbeddingCall call =
                EmbeddingCall.read(fields, exchange.caller().tenant(), exchange.files());
        Optional<Duration> limit = Answers.shorter(timeout, SamplingReader.timeout(fields));
        try (RunningRequest request = requests.begin(exchange, 1, limit)) {
            List<Embedding> embeddings = new ArrayList<>();
            for (int i = 0; i < call.numInputs(); i++) {
                Embedding embedding = embed(call, i, model, request);
                embeddings.add(embedding);
                exchange.keyUse().spend(embedding.size().tokens());
            }
            request.complete();
            exchange.answer(call.reply(model.name(), embeddings));
        }
    }

    private static Embedding embed(
            EmbeddingCall call, int index, ChatModel model, RunningRequest request) {
        try {
            return call.embed(index, model, request::isStopped);
        } catch (CancellationException e) {
            throw request.fault();
        }
    }
}
