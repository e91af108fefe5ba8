package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A good body of some route with one or a few things in it spoilt.
///
/// @param body as it is sent; not always JSON any more
record HostileRequest(String path, String body) {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String PICTURE = TinyServer.pictureAddress("odd_37x91");

    private record Route(String path, String body) {}

    /// What is sent where nothing is spoilt.
    private static final List<Route> ROUTES =
            List.of(
                    new Route(
                            "/v1/chat/completions",
                            """
                            {"model": "", "messages": [
                              {"role": "system", "content": "Be brief."},
                              {"role": "user", "content": [{"type": "text", "text": "hi"},
                                {"type": "image_url", "image_url": {"url": "PICTURE", "detail": "low"}}]},
                              {"role": "assistant", "content": null, "tool_calls": [
                                {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
                              {"role": "tool", "tool_call_id": "c", "content": "seen"}],
                             "tools": [{"type": "function", "function": {"name": "look", "parameters": {
                               "type": "object", "properties": {"a": {"type": "string"}}}}}],
                             "tool_choice": "auto", "parallel_tool_calls": false, "n": 2, "max_tokens": 3, "temperature": 1,
                             "top_p": 0.9, "top_k": 5, "min_p": 0.1, "seed": 7, "stop": ["a", "b"], "logprobs": true,
                             "top_logprobs": 2, "prompt_logprobs": 1, "logit_bias": {"5": 1}, "presence_penalty": 0.1,
                             "frequency_penalty": 0.1, "repetition_penalty": 1.1, "min_tokens": 1, "ignore_eos": true,
                             "stop_token_ids": [3], "allowed_token_ids": [4, 5], "bad_words": ["x"], "priority": 1,
                             "cache_salt": "s", "timeout": 5, "stream": false, "stream_options": {"include_usage": true},
                             "reasoning_effort": "low", "max_pixels": 100000}
                            """),
                    new Route(
                            "/v1/chat/completions",
                            """
                            {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 3, "stream": true,
                             "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": true, "schema": {
                               "type": "object", "properties": {
                                 "a": {"type": "string", "pattern": "^a+$", "minLength": 1, "maxLength": 5},
                                 "b": {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 0, "maxItems": 3},
                                 "c": {"anyOf": [{"type": "null"}, {"enum": [1, "x"]}]}},
                               "required": ["a"], "additionalProperties": false,
                               "$defs": {"n": {"type": "integer", "minimum": 0, "maximum": 9}}}}}}
                            """),
                    new Route(
                            "/v1/chat/completions",
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"max_tokens\": 3, \"regex\": \"(a|b){2,5}[^c]\"}"),
                    new Route(
                            "/v1/chat/completions",
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"max_tokens\": 3, \"grammar\": \"root ::= \\\"a\\\" b*\\nb ::= [0-9] | \\\"x\\\" b\"}"),
                    new Route(
                            "/v1/completions",
                            "{\"prompt\": [\"once\", [1, 2]], \"n\": 2, \"max_tokens\": 3, \"echo\": true, \"logprobs\": 1, \"stream\": true}"),
                    new Route(
                            "/v1/responses",
                            """
                            {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"},
                              {"type": "input_image", "image_url": "PICTURE", "detail": "auto"}]},
                              {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
                              {"type": "function_call_output", "call_id": "c", "output": "seen"}],
                             "instructions": "Be brief.", "max_output_tokens": 3, "stream": true, "store": false,
                             "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}}],
                             "text": {"format": {"type": "text"}}, "metadata": {"a": "b"}, "truncation": "auto"}
                            """),
                    new Route(
                            "/v1/messages",
                            """
                            {"max_tokens": 3, "system": "Be brief.", "stream": true, "messages": [
                              {"role": "user", "content": [{"type": "text", "text": "hi"}]},
                              {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "look", "input": {}}]},
                              {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "seen"}]}],
                             "tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"},
                             "thinking": {"type": "disabled"}, "stop_sequences": ["a"]}
                            """),
                    new Route(
                            "/v1/messages/count_tokens",
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"),
                    new Route(
                            "/v1/vqa",
                            "{\"image\": \"PICTURE\", \"question\": \"what?\", \"max_tokens\": 3}"),
                    new Route(
                            "/v1/embeddings",
                            "{\"input\": [\"a\", [1, 2], {\"image\": \"PICTURE\"}], \"encoding_format\": \"float\"}"),
                    new Route(
                            "/v1/count_tokens",
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"),
                    new Route("/tokenize", "{\"prompt\": \"hi\", \"return_token_strs\": true}"),
                    new Route("/detokenize", "{\"tokens\": [1, 2, 3]}"));

    static HostileRequest drawn(Random random) {
        Route route = ROUTES.get(random.nextInt(ROUTES.size()));
        JsonNode body = read(route.body().replace("PICTURE", PICTURE));
        int numSpoilt = 1 + random.nextInt(3);
        for (int i = 0; i < numSpoilt; i++) {
            spoil(body, random);
        }
        String text = body.toString();
        return new HostileRequest(
                route.path(), random.nextInt(20) == 0 ? garbled(text, random) : text);
    }

    private static JsonNode read(String json) {
        try {
            return TinyServer.JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(json, e);
        }
    }

    /// Puts junk in some place, or takes what is there away, or says it twice.
    private static void spoil(JsonNode body, Random random) {
        List<JsonNode> holders = new ArrayList<>();
        collect(body, holders);
        JsonNode holder = holders.get(random.nextInt(holders.size()));
        switch (holder) {
            case ObjectNode object -> {
                List<String> names = new ArrayList<>();
                object.fieldNames().forEachRemaining(names::add);
                if (names.isEmpty() || random.nextInt(8) == 0) {
                    object.set(Junk.text(random), Junk.value(random));
                } else if (random.nextInt(6) == 0) {
                    object.remove(names.get(random.nextInt(names.size())));
                } else {
                    object.set(names.get(random.nextInt(names.size())), Junk.value(random));
                }
            }
            case ArrayNode array -> {
                if (array.isEmpty() || random.nextInt(4) == 0) {
                    array.add(Junk.value(random));
                } else if (random.nextInt(4) == 0) {
                    array.remove(random.nextInt(array.size()));
                } else {
                    array.set(random.nextInt(array.size()), Junk.value(random));
                }
            }
            default -> throw new IllegalStateException("no holder: " + holder);
        }
    }

    private static void collect(JsonNode node, List<JsonNode> holders) {
        if (node.isContainerNode()) {
            holders.add(node);
            node.forEach(child -> collect(child, holders));
        }
    }

    /// Cut, or with a character that has no place in it.
    private static String garbled(String text, Random random) {
        int at = random.nextInt(text.length());
        return switch (random.nextInt(4)) {
            case 0 -> text.substring(0, at);
            case 1 -> text.substring(0, at) + "\u0000" + text.substring(at);
            case 2 -> "\uFEFF" + text;
            default -> text + text;
        };
    }

    /// Values that do not belong anywhere.
    private static final class Junk {

        static String text(Random random) {
            String[] texts = {
                "",
                " ",
                "null",
                "a".repeat(5_000),
                "\uD83D",
                "☾",
                "\u0000",
                "<|media_pad|>",
                "data:",
                "data:image/png;base64,AAAA",
                "file-0",
                "sha256:" + "0".repeat(64),
                "../../etc/passwd",
                "https://127.0.0.1/",
                "((((a*)*)*)*)*b",
                "a{1000000}",
                "[",
                "root ::= root root",
                "#/$defs/n",
                "https://example.org/schema",
                "$ref",
                "-1",
                "NaN"
            };
            return texts[random.nextInt(texts.length)];
        }

        static JsonNode value(Random random) {
            return switch (random.nextInt(9)) {
                case 0 -> JSON.nullNode();
                case 1 -> JSON.booleanNode(random.nextBoolean());
                case 2 -> number(random);
                case 3, 4 -> JSON.textNode(text(random));
                case 5 -> JSON.arrayNode();
                case 6 -> list(random);
                case 7 -> JSON.objectNode();
                default -> nested(random);
            };
        }

        private static JsonNode number(Random random) {
            return switch (random.nextInt(8)) {
                case 0 -> JSON.numberNode(0);
                case 1 -> JSON.numberNode(-1);
                case 2 -> JSON.numberNode(1_000_000);
                case 3 -> JSON.numberNode(1L << 31);
                case 4 -> JSON.numberNode(BigInteger.ONE.shiftLeft(64));
                case 5 -> JSON.numberNode(1e308);
                case 6 -> JSON.numberNode(-0.5);
                default -> JSON.numberNode(random.nextInt(100));
            };
        }

        private static JsonNode list(Random random) {
            ArrayNode list = JSON.arrayNode();
            int size = random.nextInt(50) == 0 ? 20_000 : random.nextInt(5);
            for (int i = 0; i < size; i++) {
                list.add(random.nextBoolean() ? number(random) : JSON.textNode(text(random)));
            }
            return list;
        }

        /// Deep, or with names of a schema's keywords.
        private static JsonNode nested(Random random) {
            String[] names = {
                "type",
                "properties",
                "anyOf",
                "enum",
                "$ref",
                "items",
                "url",
                "text",
                "schema",
                "not",
                "pattern"
            };
            JsonNode value = number(random);
            int depth = random.nextInt(10) == 0 ? 500 : random.nextInt(6);
            for (int i = 0; i < depth; i++) {
                value =
                        random.nextInt(4) == 0
                                ? JSON.arrayNode().add(value)
                                : JSON.objectNode().set(names[random.nextInt(names.length)], value);
            }
            return value;
        }
    }
}
