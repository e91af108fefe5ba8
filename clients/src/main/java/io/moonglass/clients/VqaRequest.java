package io.moonglass.clients;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A question of `POST /v1/vqa`: pictures, at most one video and one document, and a question about them. Immutable.
public final class VqaRequest {

    private final String question;
    private final List<ContentPart> media;
    private final Map<String, Object> fields;

    private VqaRequest(String question, List<ContentPart> media, Map<String, Object> fields) {
        this.question = question;
        this.media = List.copyOf(media);
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public static Builder builder(String question) {
        return new Builder(question);
    }

    public static VqaRequest of(String question, ContentPart... media) {
        Builder builder = builder(question);
        for (ContentPart part : media) {
            builder.show(part);
        }
        return builder.build();
    }

    public String question() {
        return question;
    }

    public List<ContentPart> media() {
        return media;
    }

    /// What is sent besides, by its name on the wire.
    public Map<String, Object> fields() {
        return fields;
    }

    /// Collects a request; [#build()] may be called more than once.
    public static final class Builder extends RequestBuilder<Builder> {

        private final String question;
        private final List<ContentPart> media = new ArrayList<>();

        private Builder(String question) {
            this.question = question;
        }

        @Override
        Builder self() {
            return this;
        }

        /// A picture, video or document that the question is about. What one says of its size holds for all.
        ///
        /// @throws IllegalArgumentException for text, and for a second video or document
        public Builder show(ContentPart part) {
            if (part instanceof ContentPart.Text) {
                throw new IllegalArgumentException(
                        "text is no medium; want a picture, video or document");
            }
            boolean isSecond =
                    !(part instanceof ContentPart.Image)
                            && media.stream()
                                    .anyMatch(other -> other.getClass() == part.getClass());
            if (isSecond) {
                throw new IllegalArgumentException(
                        "more than one video or document; ask /v1/chat/completions about them");
            }
            media.add(part);
            return this;
        }

        public Builder system(String text) {
            return field("system", text);
        }

        public VqaRequest build() {
            return new VqaRequest(question, media, fields());
        }
    }
}
