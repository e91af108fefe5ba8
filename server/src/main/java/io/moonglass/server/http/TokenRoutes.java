package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.SeenImage;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.PromptSize;
import java.util.Arrays;
import java.util.List;

/// What has to do with tokens alone: nothing here runs a model.
final class TokenRoutes {

    private static final int MAX_TOKENS = 1 << 20;
    private static final AnswerFormat FREE = new AnswerFormat.FreeText();

    private final ServedModel served;

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
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images) {}

    TokenRoutes(ServedModel served) {
        this.served = served;
    }

    List<Route> routes() {
        return List.of(
                Route.limited("POST", "/tokenize", (exchange, _) -> tokenize(exchange)),
                Route.limited("POST", "/v1/tokenize", (exchange, _) -> tokenize(exchange)),
                Route.limited("POST", "/detokenize", (exchange, _) -> detokenize(exchange)),
                Route.limited("POST", "/v1/detokenize", (exchange, _) -> detokenize(exchange)),
                Route.limited("POST", "/v1/count_tokens", (exchange, _) -> count(exchange)));
    }

    /// A text, or a conversation as the chat template renders it.
    private void tokenize(Exchange exchange) {
        RequestFields fields = RequestFields.of("", exchange.readJson());
        ChatModel model = served.named(fields);
        int[] ids =
                fields.has("messages")
                        ? model.render(
                                ChatCompletionReader.conversation(fields, exchange.files()),
                                FormatReader.read(fields))
                        : model.tokenize(
                                WellFormed.text(fields.requiredString("prompt")),
                                fields.bool("parse_special", false));
        List<String> texts =
                fields.bool("return_token_strs", false)
                        ? Arrays.stream(ids)
                                .mapToObj(id -> model.detokenize(new int[] {id}))
                                .toList()
                        : null;
        exchange.answer(new Tokens(ids.length, model.contextLength(), ids, texts));
    }

    private void detokenize(Exchange exchange) {
        RequestFields fields = RequestFields.of("", exchange.readJson());
        ChatModel model = served.named(fields);
        JsonNode list = fields.value("tokens");
        boolean isGood = list.isArray() && list.size() <= MAX_TOKENS;
        int[] ids = new int[isGood ? list.size() : 0];
        for (int i = 0; i < ids.length; i++) {
            isGood &= list.get(i).isIntegralNumber() && list.get(i).canConvertToInt();
            ids[i] = list.get(i).intValue();
        }
        if (!isGood) {
            throw fields.wrong("tokens", "a list of at most %,d token ids".formatted(MAX_TOKENS));
        }
        exchange.answer(new Text(model.detokenize(ids)));
    }

    /// What `usage.prompt_tokens` would be of the same body.
    private void count(Exchange exchange) {
        RequestFields fields = RequestFields.of("", exchange.readJson());
        ChatModel model = served.named(fields);
        PromptSize size =
                fields.has("messages")
                        ? model.measure(
                                ChatCompletionReader.conversation(fields, exchange.files()),
                                FormatReader.read(fields))
                        : PromptSize.together(
                                CompletionReader.prompts(fields).stream()
                                        .map(prompt -> model.measure(prompt, FREE))
                                        .toList());
        exchange.answer(
                new Count(
                        size.tokens(),
                        size.imageTokens(),
                        0,
                        model.contextLength(),
                        UsageRecord.images(size)));
    }
}
