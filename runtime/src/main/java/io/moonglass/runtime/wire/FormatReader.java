package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads what a request wants its answer to look like: OpenAI's `response_format`, and what other servers call
/// `regex`, `choice`, `grammar` and `json`.
public final class FormatReader {

    private static final int MAX_CHOICES = 1_024;
    private static final int MAX_CHOICE_CHARS = 8_192;

    private FormatReader() {}

    /// @throws InvalidRequestException if there are two
    public static AnswerFormat read(RequestFields fields) {
        return read(fields, Optional.empty());
    }

    /// The same for a dialect that has a place of its own for `response_format`.
    ///
    /// @param own what stands there
    public static AnswerFormat read(RequestFields fields, Optional<RequestFields> own) {
        List<AnswerFormat> formats = new ArrayList<>();
        own.map(FormatReader::responseFormat).ifPresent(formats::add);
        fields.object("response_format").map(FormatReader::responseFormat).ifPresent(formats::add);
        ours(fields, "").forEach(formats::add);
        ours(fields, "guided_").forEach(formats::add);
        fields.object("structured_outputs").stream()
                .flatMap(outputs -> ours(outputs, "").stream())
                .forEach(formats::add);
        formats.removeIf(format -> format instanceof AnswerFormat.FreeText);
        if (formats.size() > 1) {
            throw InvalidRequestException.invalidValue(
                    fields.pathOf("response_format"),
                    "the answer shall have %d formats; want one of response_format, regex, choice and grammar"
                            .formatted(formats.size()));
        }
        return formats.isEmpty() ? new AnswerFormat.FreeText() : formats.getFirst();
    }

    /// `{"type": "text" | "json_object" | "json_schema", ...}`; the schema stands in an object of its own, or beside
    /// the type.
    public static AnswerFormat responseFormat(RequestFields format) {
        return switch (format.requiredString("type")) {
            case "text" -> new AnswerFormat.FreeText();
            case "json_object" -> new AnswerFormat.JsonObject();
            case "json_schema" -> {
                RequestFields holder = format.object("json_schema").orElse(format);
                holder.object("schema").orElseThrow(() -> holder.wrong("schema", "an object"));
                yield schema(holder, "schema");
            }
            case "regex" -> regex(format, "pattern");
            case "grammar" -> grammar(format, "grammar");
            default -> throw format.wrong("type", "\"text\", \"json_object\" or \"json_schema\"");
        };
    }

    private static List<AnswerFormat> ours(RequestFields fields, String prefix) {
        List<AnswerFormat> formats = new ArrayList<>();
        Optional.of(prefix + "regex")
                .filter(fields::has)
                .map(key -> regex(fields, key))
                .ifPresent(formats::add);
        Optional.of(prefix + "choice")
                .filter(fields::has)
                .map(key -> choice(fields, key))
                .ifPresent(formats::add);
        Optional.of(prefix + "grammar")
                .filter(fields::has)
                .map(key -> grammar(fields, key))
                .ifPresent(formats::add);
        Optional.of(prefix + "json")
                .filter(fields::has)
                .map(key -> schema(fields, key))
                .ifPresent(formats::add);
        return formats;
    }

    private static AnswerFormat regex(RequestFields fields, String key) {
        return new AnswerFormat.Regex(
                WellFormed.text(fields.requiredString(key)), fields.pathOf(key));
    }

    private static AnswerFormat grammar(RequestFields fields, String key) {
        return new AnswerFormat.Gbnf(
                WellFormed.text(fields.requiredString(key)), fields.pathOf(key));
    }

    private static AnswerFormat choice(RequestFields fields, String key) {
        JsonNode list = fields.value(key);
        List<String> texts = new ArrayList<>();
        boolean isGood = list.isArray() && !list.isEmpty() && list.size() <= MAX_CHOICES;
        for (JsonNode text : list) {
            isGood &=
                    text.isTextual()
                            && !text.textValue().isEmpty()
                            && text.textValue().length() <= MAX_CHOICE_CHARS;
            texts.add(WellFormed.text(text.asText()));
        }
        if (!isGood) {
            throw fields.wrong(
                    key,
                    "a list of 1 to %,d strings, each of 1 to %,d characters"
                            .formatted(MAX_CHOICES, MAX_CHOICE_CHARS));
        }
        return new AnswerFormat.Choice(texts, fields.pathOf(key));
    }

    private static AnswerFormat schema(RequestFields fields, String key) {
        return new AnswerFormat.JsonSchema(fields.value(key), fields.pathOf(key));
    }
}
