package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.InvalidRequestException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a caller may send to take time or memory. The time limit of a test is there to fail a hang, not to measure.
class HostileGrammarsTest {

    private static final GrammarLimits LIMITS = GrammarLimits.standard();

    /// So that on a busy machine too it is the size that is refused.
    private static final GrammarLimits IN_ANY_TIME =
            new GrammarLimits(
                    LIMITS.maxTextLength(),
                    LIMITS.maxNesting(),
                    LIMITS.maxRules(),
                    LIMITS.maxPositions(),
                    LIMITS.maxChoices(),
                    LIMITS.maxRepetitions(),
                    LIMITS.maxStackDepth(),
                    Duration.ofMinutes(10));

    private static final Duration HANG = Duration.ofSeconds(60);
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static void refused(Supplier<Grammar> compile, String message) {
        assertTimeoutPreemptively(
                HANG,
                () -> {
                    InvalidRequestException refused =
                            assertThrows(InvalidRequestException.class, compile::get);
                    assertTrue(refused.getMessage().contains(message), refused.getMessage());
                    assertTrue(refused.getMessage().length() < 1000, "a message of a kilobyte");
                });
    }

    private static void schemaRefused(JsonNode schema, String message) {
        refused(() -> Grammar.jsonSchema(schema, "schema", LIMITS), message);
    }

    /// Draws some answers.
    private static void works(Supplier<Grammar> compile) {
        assertTimeoutPreemptively(
                HANG,
                () -> {
                    Grammar grammar = compile.get();
                    Random random = new Random(1);
                    GrammarMask mask = (GrammarMask) Answers.MASKS.begin(grammar);
                    for (int i = 0; i < 100 && !mask.isFinished(); i++) {
                        mask.accept(Answers.any(mask, random));
                    }
                    assertFalse(mask.state().isDead());
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "((a*)*)*b",
                "(a|a)*b",
                "(a|b)*a(a|b){200}",
                "(((a{100}){100}){100}){100}",
                "(a?){10000}a{10000}",
                "((a?){300}){300}",
                "(.*.*.*.*.*.*.*.*)*x",
                "(\\p{L}|\\p{N}\\p{Lu}?){1,3000}",
                "([a-z]{1,1000}[a-m]{1,1000}){1,1000}",
                "(){16000}"
            })
    void a_pattern_that_explodes_elsewhere_is_a_grammar_like_others(String pattern) {
        works(() -> Grammar.regex(pattern, "regex", LIMITS));
    }

    @Test
    void patterns_that_are_too_large_are_refused() {
        refused(() -> Grammar.regex("a{1000000}", "regex", IN_ANY_TIME), "more than 16,384 times");
        refused(
                () -> Grammar.regex("\\p{L}".repeat(3000), "regex", IN_ANY_TIME),
                "the grammar has more than");
        refused(
                () -> Grammar.regex("a".repeat(70_000), "regex", IN_ANY_TIME),
                "the limit is 65,536");
        refused(
                () -> Grammar.regex("(".repeat(30_000), "regex", IN_ANY_TIME),
                "groups inside each other");
        refused(
                () -> Grammar.gbnf("root ::= " + "(".repeat(30_000), "g", IN_ANY_TIME),
                "groups inside each other");
        refused(
                () -> Grammar.gbnf("root ::= [a]" + "{10000}".repeat(50), "g", IN_ANY_TIME),
                "nothing to repeat");
    }

    @Test
    void conditions_whose_product_is_too_large_are_refused() {
        schemaRefused(
                JSON.objectNode().put("pattern", "(a|b)*a(a|b){20}$").put("maxLength", 16_000), "");
    }

    @Test
    void a_schema_of_any_depth_is_refused_without_recursion() {
        ObjectNode schema = JSON.objectNode();
        for (int i = 0; i < 100_000; i++) {
            ObjectNode outer = JSON.objectNode();
            outer.set("items", schema);
            schema = outer;
        }
        JsonNode deep = schema;
        schemaRefused(deep, "more than 200 levels");
        refused(
                () -> new GrammarCache(LIMITS).jsonSchema(deep, "schema", () -> false),
                "more than 200 levels");
    }

    @Test
    void too_many_values_are_refused() {
        ArrayNode values = JSON.arrayNode();
        IntStream.range(0, 100_000).forEach(values::add);
        ObjectNode schema = JSON.objectNode();
        schema.set("enum", values);
        schemaRefused(schema, "the limit is 65,536");
        GrammarLimits longTexts =
                new GrammarLimits(
                        10_000_000,
                        200,
                        20_000,
                        250_000,
                        10_000,
                        16_384,
                        256,
                        Duration.ofSeconds(30));
        refused(
                () -> Grammar.jsonSchema(schema, "schema", longTexts),
                "100,000 values, the limit is 10,000");
        refused(
                () ->
                        Grammar.choice(
                                IntStream.range(0, 100_000).mapToObj(String::valueOf).toList(),
                                "choice",
                                LIMITS),
                "100,000 texts");
        works(() ->
                Grammar.choice(
                        IntStream.range(0, 10_000).mapToObj(String::valueOf).toList(),
                        "choice",
                        LIMITS));
        refused(() -> Grammar.choice(List.of(), "choice", LIMITS), "0 texts");
    }

    @Test
    void many_optional_properties_are_a_grammar_like_others() {
        ObjectNode schema = JSON.objectNode();
        ObjectNode properties = schema.putObject("properties");
        IntStream.range(0, 2500).forEach(i -> properties.putObject("p" + i).put("type", "null"));
        works(() -> Grammar.jsonSchema(schema, "schema", LIMITS));
        schemaRefused(schema.deepCopy().put("minProperties", 1200), "more than 20,000 rules");
    }

    @Test
    void references_that_double_at_each_step_are_a_grammar_like_others() throws Exception {
        ObjectNode schema = JSON.objectNode();
        ObjectNode definitions = schema.putObject("$defs");
        for (int i = 0; i < 60; i++) {
            ObjectNode each = definitions.putObject("d" + i);
            each.put("type", "object");
            String next =
                    i == 59 ? "{\"type\":\"null\"}" : "{\"$ref\":\"#/$defs/d%d\"}".formatted(i + 1);
            JsonNode node = new ObjectMapper().readTree(next);
            ((ObjectNode) each.putObject("properties").set("a", node)).set("b", node);
        }
        schema.put("$ref", "#/$defs/d0");
        works(() -> Grammar.jsonSchema(schema, "schema", LIMITS));
    }

    @Test
    void merging_that_doubles_at_each_step_ends() throws Exception {
        ObjectNode schema = JSON.objectNode();
        ObjectNode definitions = schema.putObject("$defs");
        for (int i = 0; i < 40; i++) {
            String reference =
                    "{\"$ref\":\"#/$defs/d%d\",\"minProperties\":%d}".formatted(i + 1, i % 2);
            definitions
                    .putObject("d" + i)
                    .putArray("allOf")
                    .add(new ObjectMapper().readTree(reference))
                    .add(new ObjectMapper().readTree(reference));
        }
        definitions.putObject("d40").put("type", "object");
        schema.put("$ref", "#/$defs/d0");
        assertTimeoutPreemptively(
                HANG,
                () -> {
                    try {
                        Grammar.jsonSchema(schema, "schema", LIMITS);
                    } catch (InvalidRequestException e) {
                        assertEquals("schema", e.param().substring(0, 6));
                    }
                });
    }

    @Test
    void compiling_takes_no_longer_than_it_may() {
        GrammarLimits hurried =
                new GrammarLimits(
                        65_536, 200, 20_000, 250_000, 10_000, 16_384, 256, Duration.ofNanos(1));
        refused(() -> Grammar.regex("abc", "regex", hurried), "takes longer than");
    }

    @Test
    void every_level_of_a_chain_of_rules_is_counted_once() {
        StringBuilder grammar = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 2000; i++) {
            grammar.append("r%d ::= \"a\" r%d \"b\" | \"c\"\n".formatted(i, i + 1));
        }
        grammar.append("r2000 ::= \"d\"\n");
        works(() -> Grammar.gbnf(grammar.toString(), "grammar", LIMITS));
        StringBuilder deep = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 2000; i++) {
            deep.append("r%d ::= r%d \"b\"\n".formatted(i, i + 1));
        }
        deep.append("r2000 ::= \"d\"\n");
        refused(() -> Grammar.gbnf(deep.toString(), "grammar", LIMITS), "the limit is 256");
    }
}
