package io.moonglass.clients;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A question of `POST /v1/chat/completions`: a conversation, and how it is to be answered. Immutable.
public final class ChatCompletionRequest {

    private static final String STREAM_OPTIONS = "stream_options";

    private final List<ChatMessage> messages;
    private final Map<String, Object> fields;

    private ChatCompletionRequest(List<ChatMessage> messages, Map<String, Object> fields) {
        this.messages = List.copyOf(messages);
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public static Builder builder() {
        return new Builder();
    }

    /// A question without anything before it.
    public static ChatCompletionRequest of(String question, ContentPart... media) {
        return builder().user(question, media).build();
    }

    public List<ChatMessage> messages() {
        return messages;
    }

    /// What is sent beside the messages, by its name on the wire.
    public Map<String, Object> fields() {
        return fields;
    }

    /// The model's name; empty for the server's only one.
    public Optional<String> model() {
        return Optional.ofNullable((String) fields.get("model"));
    }

    /// A builder that has all of this already.
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.messages.addAll(messages);
        builder.fields().putAll(fields);
        return builder;
    }

    /// Collects a request; [#build()] may be called more than once.
    public static final class Builder extends RequestBuilder<Builder> {

        private final List<ChatMessage> messages = new ArrayList<>();

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        public Builder message(ChatMessage message) {
            messages.add(message);
            return this;
        }

        public Builder messages(List<ChatMessage> more) {
            messages.addAll(more);
            return this;
        }

        public Builder system(String text) {
            return message(ChatMessage.system(text));
        }

        /// A question about media, which the model sees before it.
        public Builder user(String question, ContentPart... media) {
            return message(ChatMessage.user(question, media));
        }

        public Builder assistant(String text) {
            return message(ChatMessage.assistant(text));
        }

        /// How many answers are wanted; each is a choice of its own.
        public Builder n(int value) {
            return field("n", value);
        }

        /// Also answer with the generated tokens' ids.
        public Builder returnTokenIds(boolean value) {
            return field("return_token_ids", value);
        }

        /// Also answer with the log probabilities of the answer's tokens.
        ///
        /// @param numTop how many of the likeliest tokens in the place of each; 0 to 20
        public Builder logprobs(int numTop) {
            return field("logprobs", true).field("top_logprobs", numTop);
        }

        /// What the model may call; see also `MoonglassClient#chat(ChatCompletionRequest, List)`, which calls them.
        public Builder tools(List<? extends Tool<?>> tools) {
            return field("tools", tools.stream().map(Tool::definition).toList());
        }

        /// `auto`, `none`, `required`, or the name of a tool.
        public Builder toolChoice(String value) {
            boolean isWord = List.of("auto", "none", "required").contains(value);
            return field(
                    "tool_choice",
                    isWord ? value : Map.of("type", "function", "function", Map.of("name", value)));
        }

        /// Whether the model may call several tools at once.
        public Builder parallelToolCalls(boolean value) {
            return field("parallel_tool_calls", value);
        }

        /// Asks a streamed answer to end with its usage.
        public Builder includeUsage() {
            return streamOption("include_usage");
        }

        /// Asks a streamed answer to tell how far the prompt's pictures are.
        public Builder includeProgress() {
            return streamOption("include_progress");
        }

        /// Asks a streamed answer to tell where its time went.
        public Builder includeTimings() {
            return streamOption("include_timings");
        }

        private Builder streamOption(String name) {
            Map<String, Object> options = new LinkedHashMap<>();
            if (fields().get(STREAM_OPTIONS) instanceof Map<?, ?> before) {
                before.forEach((key, value) -> options.put(key.toString(), value));
            }
            options.put(name, true);
            return field(STREAM_OPTIONS, options);
        }

        public ChatCompletionRequest build() {
            return new ChatCompletionRequest(messages, fields());
        }
    }
}
