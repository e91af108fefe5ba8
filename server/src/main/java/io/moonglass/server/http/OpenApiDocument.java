package io.moonglass.server.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The description of all routes, as programs read it: OpenAPI 3.1.
final class OpenApiDocument {

    private final byte[] json;

    private OpenApiDocument(byte[] json) {
        this.json = json;
    }

    /// The one that is built into this server, with the server's version.
    static OpenApiDocument load() {
        try (InputStream stream = OpenApiDocument.class.getResourceAsStream("openapi.json")) {
            ObjectNode document = (ObjectNode) new ObjectMapper().readTree(stream);
            ((ObjectNode) document.get("info")).put("version", Version.VERSION);
            return new OpenApiDocument(Exchange.json(document));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] json() {
        return json.clone();
    }
}
