package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.SeenImage;
import io.moonglass.clients.SeenVideo;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.PromptSize;
import io.moonglass.server.models.ModelPool;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What has to do with tokens alone: nothing here runs a model.
final class TokenRoutes {

    private static final AnswerFormat FREE = new AnswerFormat.FreeText();

    private final ServedModel served;
    private final RunningRequests requests;
    private final Optional<Duration> timeout;

    /// @param tokenStrs the text of each token; null if the request did not ask for it
    @JsonNaming(SnakeCaseStrategy.class)
    private record Tokens(
            int count,
            int maxModelLen,
            int[] tokens,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<String> tokenStrs) {}

    private record Text(String prompt) {}

    @JsonNaming(SnakeCaseStrategy.class)
    private record Count(
            int promptTokens,
            int imageTokens,
            int videoTokens,
            int maxModelLen,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}

    /// @param timeout of every request; one may ask for a shorter one
    TokenRoutes(ServedModel served, RunningRequests requests, Optional<Duration> timeout) {
        this.served = served;
        this.requests = requests;
        this.timeout = timeout;
    }

    List<Route> routes() {
        return List.of(
                route("/tokenize", TokenRoutes::tokenize),
                route("/v1/tokenize", TokenRoutes::tokenize),
                route("/detokenize", (fields, model, _, _) -> detokenize(fields, model)),
                route("/v1/detokenize", (fields, model, _, _) -> detokenize(fields, model)),
                route("/v1/count_tokens", TokenRoutes::count));
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

    /// A text, or a conversation as the chat template renders it.
    private static Object tokenize(
            RequestFields fields, ChatModel model, RequestFiles files, BooleanSupplier abandoned) {
        int[] ids =
                fields.has("messages")
                        ? model.render(
                                ChatCompletionReader.conversation(fields, files),
                                FormatReader.read(fields),
                                abandoned)
                        : model.tokenize(
                                WellFormed.text(fields.requiredString("prompt")),
                                fields.bool("parse_special", false));
        List<String> texts =
                fields.bool("return_token_strs", false)
                        ? Arrays.stream(ids)
                                .mapToObj(id -> model.detokenize(new int[] {id}))
                                .toList()
                        : null;
        return new Tokens(ids.length, model.contextLength(), ids, texts);
    }

    private static Object detokenize(RequestFields fields, ChatModel model) {
        int[] ids =
                CompletionReader.tokens(
                        fields.value("tokens"),
                        fields,
                        "tokens",
                        "a list of at most %,d token ids".formatted(CompletionReader.MAX_TOKENS));
        return new Text(model.detokenize(ids));
    }

    /// What `usage.prompt_tokens` would be of the same body.
    private static Object count(
            RequestFields fields, ChatModel model, RequestFiles files, BooleanSupplier abandoned) {
        PromptSize size =
                fields.has("messages")
                        ? model.measure(
                                ChatCompletionReader.conversation(fields, files),
                                FormatReader.read(fields),
                                abandoned)
                        : PromptSize.together(
                                CompletionReader.prompts(fields).stream()
                                        .map(prompt -> model.measure(prompt, FREE))
                                        .toList());
        return new Count(
                size.tokens(),
                size.imageTokens(),
                size.videoTokens(),
                model.contextLength(),
                UsageRecord.images(size),
                UsageRecord.videos(size));
    }
}
