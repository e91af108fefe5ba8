package io.moonglass.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/// A function of the caller's that the model may ask for.
///
/// @param name        letters, digits, `_`, `-` and `.`, at most 64
/// @param description what it does, for the model
/// @param parameters  JSON Schema of its arguments, an object; empty if it takes none
/// @param strict      hold the arguments to the schema
/// @param param       where the request has its schema, for faults
public record Tool(
        String name,
        Optional<String> description,
        Optional<JsonNode> parameters,
        boolean strict,
        String param) {}
