package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;

/// A tool that an answer may call.
///
/// @param name       as the prompt has it
/// @param parameters JSON Schema that the arguments have to meet; null for any JSON object
/// @param param      where the schema stands in the request, for messages
public record CallableTool(String name, JsonNode parameters, String param) {}
