package io.moonglass.runtime.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.SeenImage;
import io.moonglass.clients.SeenVideo;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.PromptSize;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Answers what has to do with tokens alone: nothing here runs a model.
public final class TokenAnswers {

    private static final AnswerFormat FREE = new AnswerFormat.FreeText();

    private TokenAnswers() {}

    /// @param count       of the tokens
    /// @param maxModelLen most tokens that prompt and answer may have together
    /// @param tokenStrs   the text of each token; null if the request did not ask for it
    @JsonNaming(SnakeCaseStrategy.class)
    public record Tokens(
            int count,
            int maxModelLen,
            int[] tokens,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<String> tokenStrs) {}

    public record Text(String prompt) {}

    /// @param maxModelLen most tokens that prompt and answer may have together
    /// @param images      null if there are none
    /// @param videos      null if there are none
    @JsonNaming(SnakeCaseStrategy.class)
    public record Count(
            int promptTokens,
            int imageTokens,
            int videoTokens,
            int maxModelLen,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
            @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}

    /// The token ids of a text, or of a conversation as the chat template renders it.
    public static Tokens tokenize(
            RequestFields fields, ChatModel model, UploadedFiles files, BooleanSupplier abandoned) {
        int[] ids =
                fields.has("messages")
                        ? model.render(
                                ChatCallReader.conversation(fields, files),
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

    /// The text of token ids.
    public static Text detokenize(RequestFields fields, ChatModel model) {
        int[] ids =
                PromptReader.tokens(
                        fields.value("tokens"),
                        fields,
                        "tokens",
                        "a list of at most %,d token ids".formatted(PromptReader.MAX_TOKENS));
        return new Text(model.detokenize(ids));
    }

    /// What `usage.prompt_tokens` would be of the same body.
    public static Count count(
            RequestFields fields, ChatModel model, UploadedFiles files, BooleanSupplier abandoned) {
        PromptSize size =
                fields.has("messages")
                        ? model.measure(
                                ChatCallReader.conversation(fields, files),
                                FormatReader.read(fields),
                                abandoned)
                        : PromptSize.together(
                                PromptReader.prompts(fields).stream()
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
