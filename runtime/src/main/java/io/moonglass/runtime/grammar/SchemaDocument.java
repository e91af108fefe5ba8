package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;

/// A schema as it came, with what is in it to refer to.
final class SchemaDocument {

    private record Level(JsonNode node, int depth) {}

    /// A schema and where it stands in the request.
    record Located(JsonNode schema, String path) {}

    private final Compilation compilation;
    private final JsonNode root;
    private final String path;

    /// @param path of the schema in the request
    /// @throws io.moonglass.loader.fault.InvalidRequestException if it is too long or too deep
    SchemaDocument(Compilation compilation, JsonNode root, String path) {
        this.compilation = compilation;
        this.root = root;
        this.path = path;
        text(compilation, root, path);
    }

    /// A schema as compact text.
    ///
    /// @throws io.moonglass.loader.fault.InvalidRequestException if it is too long or too deep
    static String text(Compilation compilation, JsonNode schema, String path) {
        checkDepth(compilation, schema, path);
        String text = schema.toString();
        compilation.checkLength(text.length());
        return text;
    }

    JsonNode root() {
        return root;
    }

    String path() {
        return path;
    }

    /// What `$ref` refers to.
    Located resolve(JsonNode reference, String where) {
        String text = reference.isTextual() ? reference.textValue() : "";
        if (!text.startsWith("#")) {
            throw compilation.refusedAt(
                    where,
                    "%s is no reference within the schema; want one such as #/$defs/name, nothing is fetched"
                            .formatted(Compilation.quoted(reference.toString())));
        }
        JsonNode found = root;
        StringBuilder foundAt = new StringBuilder(path);
        String pointer = decoded(text.substring(1), where);
        if (!pointer.isEmpty() && !pointer.startsWith("/")) {
            throw compilation.refusedAt(
                    where,
                    "references to anchors are not supported; want a path such as #/$defs/name");
        }
        for (String step :
                pointer.isEmpty() ? new String[0] : pointer.substring(1).split("/", -1)) {
            String name = step.replace("~1", "/").replace("~0", "~");
            found =
                    found.isArray() && name.matches("[0-9]{1,6}")
                            ? found.path(Integer.parseInt(name))
                            : found.path(name);
            foundAt.append(found.isMissingNode() ? "" : "." + name);
            if (found.isMissingNode()) {
                throw compilation.refusedAt(
                        where,
                        "there is no %s in the schema; define it under $defs"
                                .formatted(Compilation.quoted(text)));
            }
        }
        return new Located(found, foundAt.toString());
    }

    /// The types of a schema's `type`.
    ///
    /// @return all types if it has none
    Set<JsonType> declaredTypes(JsonNode schema, String where) {
        JsonNode type = schema.get("type");
        if (type == null) {
            return JsonType.all();
        }
        Set<JsonType> types = EnumSet.noneOf(JsonType.class);
        for (JsonNode name : type.isArray() ? type : Set.of(type)) {
            types.addAll(
                    JsonType.named(name.isTextual() ? name.textValue() : "")
                            .orElseThrow(() ->
                                    compilation.refusedAt(
                                            where + ".type",
                                            "%s is no type; want object, array, string, number, integer, boolean or null"
                                                    .formatted(
                                                            Compilation.quoted(name.toString())))));
        }
        if (types.isEmpty()) {
            throw compilation.refusedAt(where + ".type", "an empty list; want at least one type");
        }
        return types;
    }

    private String decoded(String fragment, String where) {
        try {
            return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw compilation.refusedAt(where, "a percent sign without two hexadecimal digits");
        }
    }

    /// Before anything descends by recursion.
    private static void checkDepth(Compilation compilation, JsonNode root, String path) {
        int limit = compilation.limits().maxNesting();
        Deque<Level> waiting = new ArrayDeque<>();
        waiting.push(new Level(root, 1));
        while (!waiting.isEmpty()) {
            Level level = waiting.pop();
            if (level.depth > limit) {
                throw compilation.refusedAt(
                        path,
                        "more than %d levels inside each other; send a flatter schema"
                                .formatted(limit));
            }
            for (JsonNode child : level.node) {
                if (child.isContainerNode()) {
                    waiting.push(new Level(child, level.depth + 1));
                }
            }
        }
    }
}
