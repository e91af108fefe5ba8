package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.function.Supplier;

/// One request.
///
/// @param json          the body; null where there is none, or it is no JSON
/// @param contentType   null where there is no body
/// @param body          makes the body of each try
/// @param isRepeatable  whether it does no harm if the server does the same twice
/// @param isCancellable whether the server knows it as a running request, by its id
record Call(
        String method,
        String path,
        String contentType,
        JsonNode json,
        Supplier<BodyPublisher> body,
        boolean isRepeatable,
        boolean isCancellable) {

    static Call get(String path) {
        return new Call("GET", path, null, null, BodyPublishers::noBody, true, false);
    }

    static Call delete(String path) {
        return new Call("DELETE", path, null, null, BodyPublishers::noBody, true, false);
    }

    /// A question to a model: asked twice it costs more, and that is all.
    static Call ask(String path, JsonNode json) {
        return new Call(
                "POST",
                path,
                "application/json",
                json,
                () -> BodyPublishers.ofByteArray(Json.bytes(json)),
                true,
                true);
    }

    /// Something that is there twice if it is sent twice.
    static Call once(String path, String contentType, Supplier<BodyPublisher> body) {
        return new Call("POST", path, contentType, null, body, false, false);
    }
}
