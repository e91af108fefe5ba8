package io.moonglass.server.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;

/// A response with what it answered.
///
/// @param response the whole response object, as its caller got it
/// @param input    the items that its request brought, each with an id; not those of earlier responses
public record StoredResponse(JsonNode response, ArrayNode input) {

    public String id() {
        return response.path("id").textValue();
    }
}
