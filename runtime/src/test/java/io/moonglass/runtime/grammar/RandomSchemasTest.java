package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RandomSchemasTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SchemaRegistry VALIDATORS =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private static void checkDraws(JsonNode schema, Random random, int numDraws) throws Exception {
        Grammar grammar = Grammar.jsonSchema(schema, "schema", GrammarLimits.standard());
        Schema validator = VALIDATORS.getSchema(schema);
        for (int i = 0; i < numDraws; i++) {
            String answer =
                    new String(
                            Answers.draw(grammar, random, 1 + random.nextInt(120)),
                            StandardCharsets.UTF_8);
            List<Error> errors =
                    validator.validate(
                            JSON.readTree(answer),
                            context ->
                                    context.executionConfig(
                                            config -> config.formatAssertionsEnabled(true)));
            assertEquals(List.of(), errors, schema + "\n" + answer);
        }
    }

    @Test
    void answers_to_200_random_schemas_are_valid_by_another_implementation() throws Exception {
        RandomSchemas schemas = new RandomSchemas(20250601);
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            checkDraws(schemas.next(), random, 4);
        }
    }

    @Test
    void every_format_is_one_by_another_implementation() throws Exception {
        Random random = new Random(6);
        for (String format : StringFormats.names().split(", ")) {
            JsonNode schema = JSON.createObjectNode().put("type", "string").put("format", format);
            if (!format.equals("email")) {
                checkDraws(schema, random, 200);
            }
        }
    }

    /// The other implementation knows which top-level domains there are today.
    @Test
    void every_mailbox_is_one_by_another_implementation() {
        JsonNode schema = JSON.createObjectNode().put("type", "string").put("format", "email");
        Grammar grammar = Grammar.jsonSchema(schema, "schema", GrammarLimits.standard());
        Schema validator = VALIDATORS.getSchema(schema);
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            String answer = new String(Answers.draw(grammar, random, 60), StandardCharsets.UTF_8);
            String known = answer.substring(1, answer.lastIndexOf('.')) + ".com";
            assertEquals(
                    List.of(),
                    validator.validate(
                            JSON.getNodeFactory().textNode(known),
                            context ->
                                    context.executionConfig(
                                            config -> config.formatAssertionsEnabled(true))));
        }
    }

    @Test
    void any_object_is_json() throws Exception {
        Grammar grammar = Grammar.jsonObject(GrammarLimits.standard());
        Random random = new Random(8);
        for (int i = 0; i < 50; i++) {
            byte[] answer = Answers.draw(grammar, random, 150);
            assertEquals(true, JSON.readTree(answer).isObject());
        }
    }
}
