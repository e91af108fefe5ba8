package io.moonglass.clients.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/// Records as schemas, and answers as records.
class RecordSchemaTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    enum Currency {
        EUR,
        @JsonProperty("usd")
        US_DOLLAR
    }

    record Money(double amount, Currency currency) {}

    @JsonClassDescription("A bill.")
    @JsonNaming(SnakeCaseStrategy.class)
    record Invoice(
            @JsonPropertyDescription("As printed.") String invoiceNumber,
            LocalDate issued,
            @JsonProperty("sum") Money total,
            List<Money> items,
            Optional<String> note,
            OptionalInt pages,
            Map<String, Integer> counts,
            boolean paid) {}

    sealed interface Shape {}

    record Circle(int radius) implements Shape {}

    record Group(List<Shape> parts) implements Shape {}

    record Drawing(Shape shape) {}

    record Tree(String name, List<Tree> children) {}

    record Holder(Object anything) {}

    @Test
    void a_record_has_the_schema_of_its_components() throws JsonProcessingException {
        String money =
                """
                {"type": "object", "properties": {"amount": {"type": "number"},
                 "currency": {"type": "string", "enum": ["EUR", "usd"]}},
                 "required": ["amount", "currency"], "additionalProperties": false}
                """;
        assertEquals(
                JSON.readTree(
                        """
                        {"type": "object", "description": "A bill.", "properties": {
                          "invoice_number": {"type": "string", "description": "As printed."},
                          "issued": {"type": "string", "format": "date"},
                          "sum": %1$s,
                          "items": {"type": "array", "items": %1$s},
                          "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                          "pages": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                          "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                          "paid": {"type": "boolean"}},
                         "required": ["invoice_number", "issued", "sum", "items", "note", "pages", "counts", "paid"],
                         "additionalProperties": false}
                        """
                                .formatted(money)),
                RecordSchema.of(Invoice.class).schema());
    }

    record Rating(
            @Constraint(minimum = 1, maximum = 5) int stars,
            @Constraint(minimum = 0.5) Optional<Double> weight,
            @Constraint(maxLength = 9, pattern = "[a-z]+") String word,
            @Constraint(minItems = 1, maxItems = 3) List<String> reasons) {}

    record Misplaced(@Constraint(maxLength = 3) int number) {}

    record MisplacedDate(@Constraint(pattern = "2.*") LocalDate date) {}

    @Test
    void constraints_of_components_are_in_the_schema() throws JsonProcessingException {
        assertEquals(
                JSON.readTree(
                        """
                        {"stars": {"type": "integer", "minimum": 1, "maximum": 5},
                         "weight": {"anyOf": [{"type": "number", "minimum": 0.5}, {"type": "null"}]},
                         "word": {"type": "string", "maxLength": 9, "pattern": "[a-z]+"},
                         "reasons": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3}}
                        """),
                JSON.readTree(RecordSchema.of(Rating.class).schema().get("properties").toString()));
    }

    @Test
    void a_constraint_that_a_type_cannot_have_is_named() {
        for (Class<?> type : List.of(Misplaced.class, MisplacedDate.class)) {
            assertTrue(
                    assertThrows(IllegalArgumentException.class, () -> RecordSchema.of(type))
                            .getMessage()
                            .startsWith(type.getSimpleName() + "."));
        }
    }

    @Test
    void properties_keep_the_order_of_the_components() {
        assertEquals(
                List.of(
                        "invoice_number",
                        "issued",
                        "sum",
                        "items",
                        "note",
                        "pages",
                        "counts",
                        "paid"),
                RecordSchema.of(Invoice.class).schema().get("properties").properties().stream()
                        .map(Map.Entry::getKey)
                        .toList());
    }

    @Test
    void what_is_of_the_schema_becomes_the_record() throws JsonProcessingException {
        Invoice invoice =
                RecordSchema.of(Invoice.class)
                        .read(
                                """
                                {"invoice_number": "7", "issued": "2026-11-28",
                                 "sum": {"amount": 1.5, "currency": "usd"}, "items": [], "note": null,
                                 "pages": 3, "counts": {"a": 1}, "paid": true}
                                """);

        assertEquals(
                new Invoice(
                        "7",
                        LocalDate.of(2026, 11, 28),
                        new Money(1.5, Currency.US_DOLLAR),
                        List.of(),
                        Optional.empty(),
                        OptionalInt.of(3),
                        Map.of("a", 1),
                        true),
                invoice);
    }

    @Test
    void the_records_of_an_interface_are_told_apart() throws JsonProcessingException {
        RecordSchema<Drawing> schema = RecordSchema.of(Drawing.class);
        Drawing drawing = new Drawing(new Group(List.of(new Circle(1), new Group(List.of()))));

        assertEquals(
                drawing,
                schema.read(
                        """
                        {"shape": {"type": "Group", "parts": [
                          {"type": "Circle", "radius": 1}, {"type": "Group", "parts": []}]}}
                        """));
        assertTrue(
                schema.schema().toString().contains("{\"type\":\"string\",\"const\":\"Circle\"}"));
        assertTrue(schema.schema().toString().contains("\"$ref\":\"#/$defs/Shape\""));
    }

    @Test
    void a_record_that_contains_itself_is_written_once() throws JsonProcessingException {
        RecordSchema<Tree> schema = RecordSchema.of(Tree.class);

        assertEquals(
                "#/$defs/Tree", schema.schema().at("/properties/children/items/$ref").textValue());
        assertEquals(
                "#/$defs/Tree",
                schema.schema().at("/$defs/Tree/properties/children/items/$ref").textValue());
        assertEquals(
                new Tree("a", List.of(new Tree("b", List.of()))),
                schema.read("{\"name\":\"a\",\"children\":[{\"name\":\"b\",\"children\":[]}]}"));
    }

    @Test
    void what_has_no_schema_is_named() {
        IllegalArgumentException fault =
                assertThrows(IllegalArgumentException.class, () -> RecordSchema.of(Holder.class));

        assertTrue(fault.getMessage().startsWith("Holder.anything: "), fault.getMessage());
        assertThrows(IllegalArgumentException.class, () -> RecordSchema.of(String.class));
    }
}
