package io.moonglass.clients.schema;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/// Writes the schema of one type, and teaches the mapper the sealed interfaces in it.
final class SchemaWriter {

    private static final String TYPE_PROPERTY = "type";
    private static final Set<Class<?>> TEXTS = Set.of(String.class, CharSequence.class);
    private static final Set<Class<?>> INTEGERS =
            Set.of(
                    byte.class,
                    Byte.class,
                    short.class,
                    Short.class,
                    int.class,
                    Integer.class,
                    long.class,
                    Long.class,
                    BigInteger.class,
                    OptionalInt.class,
                    OptionalLong.class);
    private static final Set<Class<?>> NUMBERS =
            Set.of(
                    float.class,
                    Float.class,
                    double.class,
                    Double.class,
                    BigDecimal.class,
                    Number.class,
                    OptionalDouble.class);
    private static final Set<Class<?>> PRIMITIVE_OPTIONALS =
            Set.of(OptionalInt.class, OptionalLong.class, OptionalDouble.class);

    private static final Map<Class<?>, String> FORMATS =
            Map.of(
                    LocalDate.class, "date",
                    Instant.class, "date-time",
                    OffsetDateTime.class, "date-time",
                    UUID.class, "uuid");

    private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
    private static final String DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

    /// What has no offset has no format in JSON Schema either.
    private static final Map<Class<?>, String> PATTERNS =
            Map.of(
                    LocalTime.class,
                    "^" + TIME + "$",
                    LocalDateTime.class,
                    "^" + DATE + "T" + TIME + "$");

    private final ObjectMapper mapper;
    private final Deque<Class<?>> path = new ArrayDeque<>();
    private final Set<Class<?>> recursive = new HashSet<>();
    private final Map<Class<?>, ObjectNode> definitions = new LinkedHashMap<>();

    /// By which the records of an interface without annotations are told apart.
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = TYPE_PROPERTY)
    private interface ToldApartByType {}

    SchemaWriter(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    ObjectNode write(Class<?> root) {
        ObjectNode schema = of(mapper.constructType(root), root.getSimpleName());
        if (recursive.isEmpty()) {
            return schema;
        }
        // what contains itself is known now
        definitions.clear();
        ObjectNode whole = of(mapper.constructType(root), root.getSimpleName());
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        definitions.forEach((type, definition) -> {
            if (all.replace(nameOf(type), definition) != null) {
                throw new IllegalArgumentException(
                        "two records are called %s; want names that tell them apart"
                                .formatted(nameOf(type)));
            }
        });
        whole.set("$defs", all);
        return whole;
    }

    private ObjectNode of(JavaType type, String where) {
        Class<?> raw = type.getRawClass();
        if (PRIMITIVE_OPTIONALS.contains(raw)) {
            return orNull(simple(raw));
        }
        if (type.isReferenceType() && raw == Optional.class) {
            return orNull(of(type.getReferencedType(), where));
        }
        ObjectNode simple = simple(raw);
        if (simple != null) {
            return simple;
        }
        if (raw.isEnum()) {
            return ofEnum(raw);
        }
        if (type.isArrayType() || type.isCollectionLikeType()) {
            ObjectNode list = ofType("array");
            list.set("items", of(type.getContentType(), where + "[]"));
            return list;
        }
        if (type.isMapLikeType() && type.getKeyType().getRawClass() == String.class) {
            ObjectNode map = ofType("object");
            map.set("additionalProperties", of(type.getContentType(), where + "{}"));
            return map;
        }
        if (raw.isRecord() || raw.isSealed() && raw.isInterface()) {
            return named(type, where);
        }
        throw new IllegalArgumentException(
                "%s: %s has no schema; want records, text, numbers, booleans, enums, java.time, lists, maps or Optional"
                        .formatted(where, type.toCanonical()));
    }

    private static ObjectNode simple(Class<?> raw) {
        if (TEXTS.contains(raw)) {
            return ofType("string");
        }
        if (INTEGERS.contains(raw)) {
            return ofType("integer");
        }
        if (NUMBERS.contains(raw)) {
            return ofType("number");
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return ofType("boolean");
        }
        if (FORMATS.containsKey(raw)) {
            return ofType("string").put("format", FORMATS.get(raw));
        }
        return PATTERNS.containsKey(raw)
                ? ofType("string").put("pattern", PATTERNS.get(raw))
                : null;
    }

    private ObjectNode ofEnum(Class<?> raw) {
        ObjectNode schema = ofType("string");
        ArrayNode values = schema.putArray("enum");
        for (Object constant : raw.getEnumConstants()) {
            values.add(mapper.convertValue(constant, String.class));
        }
        return schema;
    }

    /// A record or an interface of records. What contains itself is written once, under its name.
    private ObjectNode named(JavaType type, String where) {
        Class<?> raw = type.getRawClass();
        if (path.contains(raw)) {
            recursive.add(raw);
        }
        if (!recursive.contains(raw) || path.isEmpty()) {
            return whole(type, where);
        }
        if (!definitions.containsKey(raw)) {
            definitions.put(raw, null); // what is within refers to it
            definitions.put(raw, whole(type, where));
        }
        return reference(raw);
    }

    private ObjectNode whole(JavaType type, String where) {
        path.push(type.getRawClass());
        try {
            return type.getRawClass().isRecord() ? ofRecord(type, where) : ofSealed(type, where);
        } finally {
            path.pop();
        }
    }

    private static ObjectNode reference(Class<?> raw) {
        return JsonNodeFactory.instance.objectNode().put("$ref", "#/$defs/" + nameOf(raw));
    }

    private static String nameOf(Class<?> raw) {
        return raw.getSimpleName();
    }

    private ObjectNode ofRecord(JavaType type, String where) {
        BeanDescription record = mapper.getDeserializationConfig().introspect(type);
        ObjectNode schema = ofType("object");
        putIfSaid(schema, record.findClassDescription());
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = JsonNodeFactory.instance.arrayNode();
        for (BeanPropertyDefinition property : record.findProperties()) {
            if (property.getConstructorParameter() == null) {
                continue; // no component, and never read
            }
            ObjectNode value =
                    of(
                            property.getConstructorParameter().getType(),
                            where + "." + property.getName());
            putIfSaid(value, property.getMetadata().getDescription());
            Constraint constraint =
                    property.getConstructorParameter().getAnnotation(Constraint.class);
            if (constraint != null) {
                ConstraintWriter.add(value, constraint, where + "." + property.getName());
            }
            properties.set(property.getName(), value);
            required.add(property.getName());
        }
        schema.set("required", required);
        return schema.put("additionalProperties", false);
    }

    private ObjectNode ofSealed(JavaType type, String where) {
        Class<?> raw = type.getRawClass();
        JsonTypeInfo info = raw.getAnnotation(JsonTypeInfo.class);
        if (info == null) {
            mapper.addMixIn(raw, ToldApartByType.class);
        }
        String property =
                info == null || info.property().isEmpty() ? TYPE_PROPERTY : info.property();
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        ArrayNode variants = schema.putArray("anyOf");
        for (Class<?> subtype : raw.getPermittedSubclasses()) {
            if (!subtype.isRecord()) {
                throw new IllegalArgumentException(
                        "%s: %s is no record; want an interface of records alone"
                                .formatted(where, subtype.getName()));
            }
            String name = subtypeName(raw, subtype);
            mapper.registerSubtypes(new NamedType(subtype, name));
            variants.add(variant(whole(mapper.constructType(subtype), where), property, name));
        }
        return schema;
    }

    /// The record's own schema, with the property that tells it apart before its others.
    private static ObjectNode variant(ObjectNode record, String property, String name) {
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        properties.set(property, ofType("string").put("const", name));
        properties.setAll((ObjectNode) record.get("properties"));
        record.set("properties", properties);
        record.withArray("required").insert(0, property);
        return record;
    }

    private static String subtypeName(Class<?> type, Class<?> subtype) {
        JsonTypeName ownName = subtype.getAnnotation(JsonTypeName.class);
        if (ownName != null) {
            return ownName.value();
        }
        JsonSubTypes all = type.getAnnotation(JsonSubTypes.class);
        return all == null
                ? subtype.getSimpleName()
                : List.of(all.value()).stream()
                        .filter(named -> named.value() == subtype && !named.name().isEmpty())
                        .map(JsonSubTypes.Type::name)
                        .findFirst()
                        .orElse(subtype.getSimpleName());
    }

    private static ObjectNode orNull(ObjectNode schema) {
        ObjectNode either = JsonNodeFactory.instance.objectNode();
        either.putArray("anyOf").add(schema).add(ofType("null"));
        return either;
    }

    private static ObjectNode ofType(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static void putIfSaid(ObjectNode schema, String description) {
        if (description != null && !description.isEmpty()) {
            schema.put("description", description);
        }
    }
}
