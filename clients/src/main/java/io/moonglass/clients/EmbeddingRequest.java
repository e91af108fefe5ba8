package io.moonglass.clients;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A request of `POST /v1/embeddings`: texts and pictures whose features are wanted. Immutable.
public final class EmbeddingRequest {

    private final List<ContentPart> inputs;
    private final Map<String, Object> fields;

    private EmbeddingRequest(List<ContentPart> inputs, Map<String, Object> fields) {
        this.inputs = List.copyOf(inputs);
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public static Builder builder() {
        return new Builder();
    }

    public static EmbeddingRequest of(String... texts) {
        Builder builder = builder();
        for (String text : texts) {
            builder.text(text);
        }
        return builder.build();
    }

    /// Texts and pictures.
    public List<ContentPart> inputs() {
        return inputs;
    }

    /// What is sent besides, by its name on the wire.
    public Map<String, Object> fields() {
        return fields;
    }

    /// Collects a request; [#build()] may be called more than once.
    public static final class Builder {

        private final List<ContentPart> inputs = new ArrayList<>();
        private final Map<String, Object> fields = new LinkedHashMap<>();

        private Builder() {}

        public Builder text(String text) {
            inputs.add(ContentPart.text(text));
            return this;
        }

        public Builder image(ContentPart.Image image) {
            inputs.add(image);
            return this;
        }

        /// The model's name; needed where the server has more than one.
        public Builder model(String value) {
            fields.put("model", value);
            return this;
        }

        public EmbeddingRequest build() {
            return new EmbeddingRequest(inputs, fields);
        }
    }
}
