package io.moonglass.clients;

import io.moonglass.clients.ocr.OcrFormat;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// A request of `POST /v1/ocr`: a picture or PDF whose pages are to be read. Immutable.
public final class OcrRequest {

    private final MediaSource document;
    private final OcrFormat format;
    private final Map<String, Object> fields;

    private OcrRequest(MediaSource document, OcrFormat format, Map<String, Object> fields) {
        this.document = document;
        this.format = format;
        this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    public static Builder builder(MediaSource document) {
        return new Builder(document);
    }

    public static OcrRequest of(Path file) {
        return builder(MediaSource.of(file)).build();
    }

    public static OcrRequest of(URI address) {
        return builder(MediaSource.of(address)).build();
    }

    public static OcrRequest of(byte[] bytes) {
        return builder(MediaSource.of(bytes)).build();
    }

    public MediaSource document() {
        return document;
    }

    public OcrFormat format() {
        return format;
    }

    /// What is sent besides, by its name on the wire.
    public Map<String, Object> fields() {
        return fields;
    }

    /// Collects a request; [#build()] may be called more than once. Limits of tokens hold for each page, or each tile of
    /// a large one.
    public static final class Builder extends RequestBuilder<Builder> {

        private final MediaSource document;
        private OcrFormat format = OcrFormat.MARKDOWN;

        private Builder(MediaSource document) {
            this.document = document;
        }

        @Override
        Builder self() {
            return this;
        }

        /// Default: Markdown.
        public Builder format(OcrFormat value) {
            format = value;
            return this;
        }

        /// Which pages, such as `1-3,7,10-`.
        public Builder pages(String value) {
            return field("pages", value);
        }

        /// At which resolution pages are drawn, from 36 to 600.
        public Builder dpi(int value) {
            return field("dpi", value);
        }

        public OcrRequest build() {
            return new OcrRequest(document, format, fields());
        }
    }
}
