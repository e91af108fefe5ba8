package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.server.conformance.ValidRequests.ValidRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a real model's server makes of bad inputs, the same in every dialect; each is refused by name, and a good request
/// works after it.
class BadInputsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String USER = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    /// A dialect's path, and a body that lacks its end.
    private enum Dialect {
        CHAT("/v1/chat/completions", "{" + USER, "max_tokens", "stop"),
        COMPLETIONS("/v1/completions", "{\"prompt\":\"hi\"", "max_tokens", "stop"),
        VQA("/v1/vqa", "{\"question\":\"hi\"", "max_tokens", "stop"),
        RESPONSES("/v1/responses", "{\"input\":\"hi\"", "max_output_tokens", "stop"),
        MESSAGES("/v1/messages", "{\"max_tokens\":1," + USER, "max_tokens", "stop_sequences");

        private final String path;
        private final String start;
        private final String maxTokens;
        private final String stop;

        Dialect(String path, String start, String maxTokens, String stop) {
            this.path = path;
            this.start = start;
            this.maxTokens = maxTokens;
            this.stop = stop;
        }

        /// What a field is called here.
        private String named(String field) {
            return switch (field) {
                case "max_tokens" -> maxTokens;
                case "stop" -> stop;
                default -> field;
            };
        }

        private RecordedExchange ask(String field, String value) {
            String body =
                    this == MESSAGES && field.equals("max_tokens")
                            ? "{\"max_tokens\":%s,%s}".formatted(value, USER)
                            : "%s,\"%s\":%s}".formatted(start, named(field), value);
            return server.post(path, body);
        }
    }

    private static TinyServer server;

    @BeforeAll
    static void start() {
        server = new TinyServer(1_024, options -> options);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void a_good_request_works_after_it() {
        assertEquals(
                200,
                server.post("/v1/chat/completions", "{\"max_tokens\":1," + USER + "}").status());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "temperature       | -0.1",
                "temperature       | 2.1",
                "temperature       | 1e400",
                "temperature       | \"NaN\"",
                "temperature       | \"Infinity\"",
                "top_p             | 0",
                "top_p             | 1.5",
                "top_k             | -2",
                "top_k             | 2147483648",
                "min_p             | -1e308",
                "seed              | 18446744073709551616",
                "max_tokens        | -1",
                "max_tokens        | 2147483648",
                "max_tokens        | 18446744073709551616",
                "max_tokens        | 1.5",
                "presence_penalty  | 1000000",
                "frequency_penalty | \"1\"",
                "logit_bias        | {\"5\":101}",
                "logit_bias        | {\"five\":1}",
                "logit_bias        | {\"999999999\":1}",
                "logit_bias        | [5]",
                "priority          | 2147483648",
                "timeout           | 0",
                "stop              | \"\"",
                "stop              | [\"a\",\"\"]",
                "stop              | 5",
                "min_tokens        | -1",
            })
    void a_number_out_of_its_range_is_named_in_every_dialect(String field, String value)
            throws IOException {
        for (Dialect dialect : Dialect.values()) {
            assertNames(dialect.named(field), dialect.ask(field, value));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0", "-1", "17", "1000000", "2147483648", "18446744073709551616", "\"1\""})
    void a_number_of_answers_that_cannot_be_is_named(String value) throws IOException {
        assertNames("n", Dialect.CHAT.ask("n", value));
        assertNames("n", Dialect.COMPLETIONS.ask("n", value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"100000", "-1", "2147483648", "0.5"})
    void a_number_of_likely_tokens_that_cannot_be_is_named(String value) throws IOException {
        assertNames("top_logprobs", Dialect.CHAT.ask("top_logprobs", value));
        assertNames("prompt_logprobs", Dialect.CHAT.ask("prompt_logprobs", value));
        assertNames("logprobs", Dialect.COMPLETIONS.ask("logprobs", value));
        assertNames("top_logprobs", Dialect.RESPONSES.ask("top_logprobs", value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "bad_words", "stop_token_ids", "allowed_token_ids"})
    void a_hundred_thousand_items_are_refused_in_every_dialect_that_reads_them(String field)
            throws IOException {
        String item = field.endsWith("ids") ? "1" : "\"a\"";
        String many = "[" + (item + ",").repeat(99_999) + item + "]";
        for (Dialect dialect : Dialect.values()) {
            if (dialect != Dialect.VQA || field.equals("stop")) {
                assertNames(dialect.named(field), dialect.ask(field, many));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "reasoning            | \"thinking_token_budget\":5,\"reasoning\":[]",
                "reasoning.effort     | \"thinking_token_budget\":5,\"reasoning\":{\"effort\":\"hot\"}",
                "reasoning_effort     | \"reasoning\":{\"max_tokens\":5},\"reasoning_effort\":5",
                "chat_template_kwargs | \"reasoning_effort\":\"low\",\"chat_template_kwargs\":{\"other\":1}",
                "mm_processor_kwargs  | \"max_pixels\":3136,\"mm_processor_kwargs\":{\"max_pixels\":1}",
                "tools                | \"tools\":\"none\"",
                "functions            | \"functions\":5",
                "modalities           | \"modalities\":\"text\"",
            })
    void a_wrong_field_is_named_also_where_another_wins_or_it_looks_empty(
            String field, String fields) throws IOException {
        assertNames(field, server.post("/v1/chat/completions", "{%s,%s}".formatted(fields, USER)));
    }

    @Test
    void an_input_of_several_texts_within_a_list_is_no_input() throws IOException {
        assertNames("input", server.post("/v1/embeddings", "{\"input\":[[\"a\",\"b\"]]}"));
        assertNames("input", server.post("/v1/embeddings", "{\"input\":[[[1],[2]]]}"));
    }

    private static Set<String> paths() {
        return ValidRequests.all().stream().map(ValidRequest::path).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("paths")
    void a_body_that_is_no_object_is_refused_at_every_path(String path) throws IOException {
        for (String body :
                List.of(
                        "",
                        "[]",
                        "\"text\"",
                        "null",
                        "5",
                        "true",
                        "{",
                        "{}{}",
                        "{\"a\":1,\"a\":2}",
                        "{\"a\":NaN}")) {
            RecordedExchange exchange = server.post(path, body);

            assertEquals(400, exchange.status(), exchange::toString);
            assertTrue(message(exchange).contains("body"), exchange::toString);
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void a_body_that_is_too_deep_or_begins_with_a_mark_is_refused_at_every_path(String path)
            throws IOException {
        String deep = "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";

        assertEquals(400, server.post(path, deep).status());
        assertEquals(400, server.post(path, "\uFEFF{}").status());
    }

    @ParameterizedTest
    @MethodSource("paths")
    void a_body_of_another_type_is_refused_at_every_path(String path) {
        byte[] body = "{}".getBytes(StandardCharsets.UTF_8);

        for (String type :
                List.of("text/plain", "application/xml", "application/json; charset=latin1")) {
            assertEquals(415, server.send("POST", path, type, body).status(), type);
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void half_an_emoji_in_any_text_harms_nothing(String path) {
        for (ValidRequest request : ValidRequests.all()) {
            if (request.path().equals(path)) {
                String body = request.body().toString().replace("hi\"", "hi\\ud83d\"");
                assertEquals(200, server.post(path, body).status(), body);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"system", "tool", "assistant"})
    void a_picture_in_any_role_is_seen(String role) throws IOException {
        String picture =
                "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"%s\"}}]"
                        .formatted(TinyServer.pictureAddress("exact_112x112"));
        String call =
                "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},";
        String body =
                "{\"max_tokens\":1,\"messages\":[%s{\"role\":\"%s\",\"tool_call_id\":\"c\",\"content\":%s},{\"role\":\"user\",\"content\":\"hi\"}]}"
                        .formatted(role.equals("tool") ? call : "", role, picture);
        RecordedExchange exchange = server.post("/v1/chat/completions", body);

        JsonNode usage = JSON.readTree(exchange.answer()).get("usage");
        assertEquals(200, exchange.status(), exchange::toString);
        assertTrue(usage.at("/prompt_tokens_details/image_tokens").intValue() > 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<|media_pad|>",
                "<|media_start|>image<|media_content|>",
                "<|im_end|>",
                "<|im_assistant|>"
            })
    void a_text_that_spells_a_mark_of_the_template_is_only_text(String mark) throws IOException {
        String body =
                "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"a %s b\"}]}";
        RecordedExchange exchange = server.post("/v1/chat/completions", body.formatted(mark));
        JsonNode usage = JSON.readTree(exchange.answer()).get("usage");
        JsonNode plain =
                JSON.readTree(server.post("/v1/chat/completions", body.formatted("")).answer())
                        .get("usage");

        assertEquals(200, exchange.status(), exchange::toString);
        assertEquals(0, usage.at("/prompt_tokens_details/image_tokens").intValue());
        // more than the one token that the mark itself is
        assertTrue(
                usage.get("prompt_tokens").intValue() > plain.get("prompt_tokens").intValue() + 1,
                usage::toString);
    }

    /// Where a schema may stand, and how a fault names it.
    private enum SchemaPlace {
        CHAT_FORMAT(
                Dialect.CHAT,
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":%s}}",
                "response_format.json_schema.schema"),
        CHAT_TOOL(
                Dialect.CHAT,
                "\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true,\"parameters\":%s}}]",
                "tools[0].function.parameters"),
        COMPLETIONS_JSON(Dialect.COMPLETIONS, "\"guided_json\":%s", "guided_json"),
        VQA_FORMAT(
                Dialect.VQA,
                "\"response_format\":{\"type\":\"json_schema\",\"schema\":%s}",
                "response_format.schema"),
        RESPONSES_FORMAT(
                Dialect.RESPONSES,
                "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":%s}}",
                "text.format.schema"),
        RESPONSES_TOOL(
                Dialect.RESPONSES,
                "\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"strict\":true,\"parameters\":%s}]",
                "tools[0].parameters"),
        MESSAGES_FORMAT(
                Dialect.MESSAGES,
                "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":%s}}",
                "output_config.format.schema"),
        MESSAGES_TOOL(
                Dialect.MESSAGES,
                "\"tool_choice\":{\"type\":\"any\"},\"tools\":[{\"name\":\"f\",\"strict\":true,\"input_schema\":%s}]",
                "tools[0].input_schema");

        private final Dialect dialect;
        private final String fields;
        private final String name;

        SchemaPlace(Dialect dialect, String fields, String name) {
            this.dialect = dialect;
            this.fields = fields;
            this.name = name;
        }

        private RecordedExchange ask(String schema) {
            return server.post(dialect.path, dialect.start + "," + fields.formatted(schema) + "}");
        }
    }

    private static Stream<Arguments> badSchemas() {
        return Stream.of(
                Arguments.of(
                        "a loop of references",
                        property(
                                "{\"$ref\":\"#/$defs/a\"}",
                                "{\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}}")),
                Arguments.of(
                        "a reference to nothing", property("{\"$ref\":\"#/$defs/none\"}", "{}")),
                Arguments.of(
                        "a remote reference",
                        property("{\"$ref\":\"https://example.com/schema.json\"}", "{}")),
                Arguments.of(
                        "a pattern that is none",
                        property("{\"type\":\"string\",\"pattern\":\"(\"}", "{}")),
                Arguments.of(
                        "a pattern too large",
                        property("{\"type\":\"string\",\"pattern\":\"^a{1000000}$\"}", "{}")),
                Arguments.of(
                        "a pattern that looks around",
                        property("{\"type\":\"string\",\"pattern\":\"(?=a)b\"}", "{}")),
                Arguments.of("no alternatives", property("{\"anyOf\":[]}", "{}")),
                Arguments.of("an unknown type", property("{\"type\":\"nonsense\"}", "{}")),
                Arguments.of(
                        "a keyword of another type",
                        property("{\"type\":\"array\",\"items\":5}", "{}")),
                Arguments.of(
                        "bounds that contradict",
                        property("{\"type\":\"integer\",\"minimum\":5,\"maximum\":3}", "{}")),
                Arguments.of(
                        "a keyword that is not kept to",
                        property("{\"not\":{\"type\":\"string\"}}", "{}")));
    }

    private static String property(String schema, String definitions) {
        return "{\"type\":\"object\",\"properties\":{\"p\":%s},\"required\":[\"p\"],\"additionalProperties\":false,\"$defs\":%s}"
                .formatted(schema, definitions);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badSchemas")
    void a_schema_that_cannot_be_is_named_wherever_it_stands(String what, String schema)
            throws IOException {
        for (SchemaPlace place : SchemaPlace.values()) {
            assertNames(place.name, place.ask(schema));
        }
    }

    /// Where it belongs to the prompt, the prompt may be too long before.
    @ParameterizedTest
    @EnumSource(SchemaPlace.class)
    void a_hundred_thousand_values_or_ninety_levels_are_refused(SchemaPlace place)
            throws IOException {
        String values =
                IntStream.range(0, 100_000)
                        .mapToObj(i -> "\"v" + i + "\"")
                        .collect(Collectors.joining(","));
        String object =
                "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"a\":";
        String deep = object.repeat(90) + "{\"type\":\"nonsense\"}" + "}}".repeat(90);

        for (String schema : List.of("{\"enum\":[" + values + "]}", deep)) {
            RecordedExchange exchange = place.ask(schema);
            if (place == SchemaPlace.COMPLETIONS_JSON) {
                assertNames(place.name, exchange);
            } else {
                assertEquals(400, exchange.status(), place::name);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "regex   | \"(\"",
                "regex   | \"a{1000000}\"",
                "regex   | \"(?=a)b\"",
                "regex   | \"(a)\\\\1\"",
                "regex   | 5",
                "grammar | \"\"",
                "grammar | \"root ::= missing\"",
                "grammar | \"root ::= root\"",
                "grammar | \"rule ::= \\\"a\\\"\"",
                "grammar | \"root ::= \\\"a\"",
                "choice  | []",
                "choice  | [\"\"]",
                "choice  | [5]",
            })
    void a_grammar_that_cannot_be_is_named(String field, String value) throws IOException {
        for (Dialect dialect : Dialect.values()) {
            assertNames(field, dialect.ask(field, value));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"((a*)*)*b", "(a|aa)+c", "(x+x+)+y", "(.*)*z"})
    void a_pattern_that_takes_others_for_ever_is_one_like_others(String pattern) {
        assertEquals(
                200,
                server.post(
                                "/v1/chat/completions",
                                "{\"max_tokens\":4,\"regex\":\"%s\",%s}".formatted(pattern, USER))
                        .status());
    }

    /// A refusal that names the field, or what is below it.
    private static void assertNames(String field, RecordedExchange exchange) throws IOException {
        assertEquals(400, exchange.status(), () -> field + "\n" + exchange);
        assertTrue(message(exchange).startsWith(field), () -> field + "\n" + exchange);
    }

    private static String message(RecordedExchange exchange) throws IOException {
        return JSON.readTree(exchange.answer()).at("/error/message").asText();
    }
}
