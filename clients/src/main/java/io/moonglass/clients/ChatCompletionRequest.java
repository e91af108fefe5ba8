package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The body of `POST /v1/chat/completions`. What is null is not sent, and the server's own setting
/// for the model holds.
///
/// @param model             the model's name; null for the server's only one
/// @param maxTokens         the most tokens to generate; the older name of `maxCompletionTokens`
/// @param topK              only this many most likely tokens; 0 for all
/// @param minP              only tokens at least this times as likely as the most likely one
/// @param seed              the same seed gives the same answer
/// @param repetitionPenalty above 1 makes tokens of prompt and answer less likely
/// @param stop              texts that end the answer and are not part of it
/// @param n                 answers wanted; each is a choice of its own
/// @param ignoreEos         go on past the model's stop tokens
/// @param skipSpecialTokens leave special tokens out of the text
/// @param returnTokenIds    also answer with the generated tokens' ids
/// @param priority          lower numbers go first
/// @param cacheSalt         only requests with the same salt share what the server keeps of prompts
/// @param timeout           seconds after which the server gives the answer up
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ChatCompletionRequest(
        String model,
        List<ChatMessage> messages,
        Integer maxTokens,
        Integer maxCompletionTokens,
        Double temperature,
        Double topP,
        Integer topK,
        Double minP,
        Long seed,
        Double repetitionPenalty,
        Double presencePenalty,
        Double frequencyPenalty,
        List<String> stop,
        Integer n,
        Boolean stream,
        StreamOptions streamOptions,
        Boolean ignoreEos,
        Boolean skipSpecialTokens,
        Boolean returnTokenIds,
        Integer priority,
        String cacheSalt,
        Double timeout) {

    /// @param includeUsage send one more chunk with the usage, before the end
    @JsonNaming(SnakeCaseStrategy.class)
    public record StreamOptions(boolean includeUsage) {}

    public ChatCompletionRequest {
        messages = List.copyOf(messages);
        stop = stop == null ? null : List.copyOf(stop);
    }

    public static Builder builder() {
        return new Builder();
    }

    /// The same request, answered whole or piece by piece.
    public ChatCompletionRequest withStream(boolean wanted) {
        return new ChatCompletionRequest(
                model,
                messages,
                maxTokens,
                maxCompletionTokens,
                temperature,
                topP,
                topK,
                minP,
                seed,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                stop,
                n,
                wanted ? true : null,
                wanted ? streamOptions : null,
                ignoreEos,
                skipSpecialTokens,
                returnTokenIds,
                priority,
                cacheSalt,
                timeout);
    }

    /// Collects a request; [#build()] may be called more than once.
    public static final class Builder {

        private final List<ChatMessage> messages = new ArrayList<>();
        private String model;
        private Integer maxTokens;
        private Integer maxCompletionTokens;
        private Double temperature;
        private Double topP;
        private Integer topK;
        private Double minP;
        private Long seed;
        private Double repetitionPenalty;
        private Double presencePenalty;
        private Double frequencyPenalty;
        private List<String> stop;
        private Integer n;
        private Boolean ignoreEos;
        private Boolean skipSpecialTokens;
        private Boolean returnTokenIds;
        private Integer priority;
        private String cacheSalt;
        private Double timeout;
        private StreamOptions streamOptions;

        private Builder() {}

        public Builder message(ChatMessage message) {
            messages.add(message);
            return this;
        }

        /// Asks a streamed answer to end with its usage.
        public Builder includeUsage() {
            streamOptions = new StreamOptions(true);
            return this;
        }

        public Builder model(String value) {
            model = value;
            return this;
        }

        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        public Builder maxCompletionTokens(int value) {
            maxCompletionTokens = value;
            return this;
        }

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder topP(double value) {
            topP = value;
            return this;
        }

        public Builder topK(int value) {
            topK = value;
            return this;
        }

        public Builder minP(double value) {
            minP = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder stop(String... texts) {
            stop = List.of(texts);
            return this;
        }

        public Builder n(int value) {
            n = value;
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public Builder skipSpecialTokens(boolean value) {
            skipSpecialTokens = value;
            return this;
        }

        public Builder returnTokenIds(boolean value) {
            returnTokenIds = value;
            return this;
        }

        public Builder priority(int value) {
            priority = value;
            return this;
        }

        public Builder cacheSalt(String value) {
            cacheSalt = value;
            return this;
        }

        public Builder timeout(Duration value) {
            timeout = value.toNanos() / 1e9;
            return this;
        }

        public ChatCompletionRequest build() {
            return new ChatCompletionRequest(
                    model,
                    messages,
                    maxTokens,
                    maxCompletionTokens,
                    temperature,
                    topP,
                    topK,
                    minP,
                    seed,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    stop,
                    n,
                    null,
                    streamOptions,
                    ignoreEos,
                    skipSpecialTokens,
                    returnTokenIds,
                    priority,
                    cacheSalt,
                    timeout);
        }
    }
}
