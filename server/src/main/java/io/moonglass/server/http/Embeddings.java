package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.Prompt;
import io.moonglass.server.models.ModelPool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/// Answers `POST /v1/embeddings`: features of texts and pictures.
final class Embeddings {

    private static final int MAX_INPUTS = 256;

    private final ServedModel served;
    private final RunningRequests requests;
    private final Optional<Duration> timeout;

    private interface Input {
        Embedding embed(ChatModel model, RequestScope scope, BooleanSupplier abandoned);
    }

    /// @param embedding a list of numbers, or base64 of them as little-endian floats
    private record Item(String object, int index, Object embedding) {}

    @JsonNaming(SnakeCaseStrategy.class)
    private record Usage(int promptTokens, int totalTokens) {}

    private record Reply(String object, List<Item> data, String model, Usage usage) {}

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
        List<Input> inputs = inputs(fields, exchange.files());
        boolean asBase64 = isBase64(fields);
        RequestScope scope = SamplingReader.scope(fields, exchange.caller());
        Optional<Duration> limit = Answers.shorter(timeout, SamplingReader.timeout(fields));
        try (RunningRequest request = requests.begin(exchange, 1, limit)) {
            List<Item> items = new ArrayList<>();
            int numTokens = 0;
            for (Input input : inputs) {
                Embedding embedding = embed(input, model, scope, request);
                refuseOtherDimensions(fields, embedding.values().length);
                items.add(
                        new Item(
                                "embedding",
                                items.size(),
                                asBase64 ? base64(embedding.values()) : embedding.values()));
                numTokens += embedding.size().tokens();
                exchange.keyUse().spend(embedding.size().tokens());
            }
            request.complete();
            exchange.answer(
                    new Reply("list", items, model.name(), new Usage(numTokens, numTokens)));
        }
    }

    private static Embedding embed(
            Input input, ChatModel model, RequestScope scope, RunningRequest request) {
        try {
            return input.embed(model, scope, request::isStopped);
        } catch (CancellationException e) {
            throw request.fault();
        }
    }

    /// A string, a list of strings and pictures, a list of token ids, or a list of such lists. A picture is an object
    /// with an `image`.
    private static List<Input> inputs(RequestFields fields, RequestFiles files) {
        JsonNode input = fields.value("input");
        if (!input.isArray() || input.path(0).isIntegralNumber()) {
            return List.of(input(input, "input", fields, files));
        }
        if (input.isEmpty() || input.size() > MAX_INPUTS) {
            throw fields.wrong("input", "1 to %d inputs".formatted(MAX_INPUTS));
        }
        List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < input.size(); i++) {
            inputs.add(input(input.get(i), "input[%d]".formatted(i), fields, files));
        }
        return inputs;
    }

    private static Input input(
            JsonNode input, String param, RequestFields fields, RequestFiles files) {
        if (input.isObject()) {
            RequestFields holder = RequestFields.of(param, input);
            PictureReader pictures = PictureReader.of(fields, files);
            String key = holder.has("file_id") ? "file_id" : "image";
            ContentPart.Picture picture = pictures.at(holder, key);
            return (model, scope, abandoned) ->
                    model.embedPicture(picture, holder.pathOf(key), scope, abandoned);
        }
        if (!input.isTextual() && !input.isArray()) {
            throw fields.wrong("input", "a string, token ids, a picture, or a list of such");
        }
        Prompt text = CompletionReader.prompt(input, fields, "input");
        return (model, scope, abandoned) -> model.embedText(text, scope, abandoned);
    }

    private static boolean isBase64(RequestFields fields) {
        return switch (fields.string("encoding_format").orElse("float")) {
            case "float" -> false;
            case "base64" -> true;
            default -> throw fields.wrong("encoding_format", "\"float\" or \"base64\"");
        };
    }

    private static void refuseOtherDimensions(RequestFields fields, int dimensions) {
        if (fields.integer("dimensions", 1).orElse(dimensions) != dimensions) {
            throw fields.wrong(
                    "dimensions", "%d, which this model's features have".formatted(dimensions));
        }
    }

    private static String base64(float[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
