package io.moonglass.clients.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;

/// The JSON Schema of a record, and how a record is made of JSON that is of it. Names are Jackson's (`@JsonProperty`,
/// `@JsonNaming`), descriptions too (`@JsonPropertyDescription`, `@JsonClassDescription`): the model reads them.
///
/// A [Constraint] narrows what a component may hold.
///
/// Everything in a record must be there, but what is `Optional`. Beside records there may be text, numbers, booleans,
/// enums, dates and times of `java.time`, `UUID`, lists, sets, arrays, maps with text as keys, and sealed interfaces of
/// records, which the property `type` tells apart unless `@JsonTypeInfo` names another.
///
/// Source: JSON Schema 2020-12, of which OpenAI's strict schemas are a part.
public final class RecordSchema<T> {

    private static final ObjectMapper BASE =
            JsonMapper.builder()
                    .addModule(new Jdk8Module())
                    .addModule(new JavaTimeModule())
                    // a record that is one of an interface's may also stand alone
                    .disable(MapperFeature.REQUIRE_TYPE_ID_FOR_SUBTYPES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
                    .build();

    private static final int MAX_NAME_CHARS = 64;

    private static final ClassValue<RecordSchema<?>> KNOWN =
            new ClassValue<>() {
                @Override
                protected RecordSchema<?> computeValue(Class<?> type) {
                    return new RecordSchema<>(type);
                }
            };

    private final Class<T> type;
    private final ObjectMapper mapper;
    private final ObjectNode schema;

    private RecordSchema(Class<T> type) {
        if (!type.isRecord() && !type.isSealed()) {
            throw new IllegalArgumentException(
                    "%s is no record; want a record, or a sealed interface of records"
                            .formatted(type.getName()));
        }
        this.type = type;
        this.mapper = BASE.copy();
        this.schema = new SchemaWriter(mapper).write(type);
    }

    /// @throws IllegalArgumentException if something in the record has no schema; it says what
    @SuppressWarnings("unchecked") // each class has its own
    public static <T> RecordSchema<T> of(Class<T> type) {
        return (RecordSchema<T>) KNOWN.get(type);
    }

    /// The record's name, in the characters that a schema's may have.
    public String name() {
        String name = type.getSimpleName().replaceAll("[^A-Za-z0-9_-]", "_");
        return name.substring(0, Math.min(name.length(), MAX_NAME_CHARS));
    }

    /// What `@JsonClassDescription` says of the record; empty if nothing.
    public String description() {
        return schema.path("description").asText();
    }

    public ObjectNode schema() {
        return schema.deepCopy();
    }

    /// @throws JsonProcessingException if the text is not of the schema, or the record does not take it
    public T read(String json) throws JsonProcessingException {
        return mapper.readValue(json, type);
    }
}
