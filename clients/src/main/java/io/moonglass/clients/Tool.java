package io.moonglass.clients;

import io.moonglass.clients.schema.RecordSchema;
import java.util.Locale;
import java.util.Map;

/// A function that the model may call.
///
/// @param name        1 to 64 letters, digits, `_`, `-` and `.`
/// @param description of what it does and when to call it; the model reads it
/// @param arguments   what it takes; what the model writes is held to it
/// @param function    called for each call, on the thread that asks
public record Tool<A>(
        String name, String description, RecordSchema<A> arguments, Function<A> function) {

    /// What a tool does.
    public interface Function<A> {

        /// @return text, a [ContentPart] such as a picture, a list of parts, or anything that Jackson can write
        Object call(A arguments);
    }

    public static <A> Tool<A> of(
            String name, String description, Class<A> arguments, Function<A> function) {
        return new Tool<>(name, description, RecordSchema.of(arguments), function);
    }

    /// A tool that is called as the record of its arguments is, in snake case, and does what its
    /// `@JsonClassDescription` says.
    public static <A> Tool<A> of(Class<A> arguments, Function<A> function) {
        RecordSchema<A> schema = RecordSchema.of(arguments);
        String name =
                schema.name().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
        return new Tool<>(name, schema.description(), schema, function);
    }

    /// As the request has it.
    Map<String, Object> definition() {
        return Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        name,
                        "description",
                        description,
                        "parameters",
                        arguments.schema(),
                        "strict",
                        true));
    }
}
