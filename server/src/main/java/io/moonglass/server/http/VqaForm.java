package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.ContentPart;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/// A question about pictures that came as a form: files called `image` or `images`, and fields as text.
///
/// @param fields as an object, as if they had come in JSON
/// @param files  the pictures, in their order
record VqaForm(JsonNode fields, List<ContentPart.Picture> files) {

    private static final int MAX_FIELD_BYTES = 1 << 20;

    /// As JSON writes them; longer ones nobody means.
    private static final Pattern NUMBER =
            Pattern.compile("-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?");

    private static final Set<String> BOOLEANS =
            Set.of("stream", "ignore_eos", "skip_special_tokens");
    private static final Set<String> NUMBERS =
            Set.of(
                    "max_tokens",
                    "temperature",
                    "top_p",
                    "top_k",
                    "min_p",
                    "seed",
                    "timeout",
                    "priority",
                    "max_pixels",
                    "repetition_penalty",
                    "presence_penalty",
                    "frequency_penalty",
                    "min_tokens",
                    "max_completion_tokens",
                    "max_output_tokens",
                    "thinking_token_budget",
                    "n");

    /// @param maxImageBytes of one picture
    static VqaForm read(MultipartBody form, int maxImageBytes) throws IOException {
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        List<MultipartBody.Part> parts = new ArrayList<>();
        List<byte[]> pictures = new ArrayList<>();
        for (Optional<MultipartBody.Part> next; (next = form.next()).isPresent(); ) {
            MultipartBody.Part part = next.get();
            if (part.fileName().isPresent()) {
                refuseOther(part);
                parts.add(part);
                pictures.add(part.bytes(maxImageBytes));
            } else {
                add(fields, part.name(), value(part.name(), part.text(MAX_FIELD_BYTES)));
            }
        }
        OptionalLong maxPixels = SamplingReader.maxPixels(RequestFields.of("", fields));
        List<ContentPart.Picture> files = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            files.add(new ContentPart.ImageBytes(pictures.get(i), maxPixels, parts.get(i).name()));
        }
        return new VqaForm(fields, files);
    }

    /// A field that is there more than once is a list.
    private static void add(ObjectNode fields, String name, JsonNode value) {
        JsonNode before = fields.get(name);
        if (before == null) {
            fields.set(name, value);
        } else if (before.isArray()) {
            ((ArrayNode) before).add(value);
        } else {
            fields.putArray(name).add(before).add(value);
        }
    }

    private static void refuseOther(MultipartBody.Part part) {
        if (!part.name().equals("image")
                && !part.name().equals("images")
                && !part.name().equals("image[]")) {
            throw HttpFault.invalidRequest(
                    400,
                    "invalid_form",
                    "a file is called %s; want pictures called \"image\""
                            .formatted(HttpFault.quoted(part.name())));
        }
    }

    /// A form's values are text; those that are numbers elsewhere are numbers here.
    private static JsonNode value(String name, String text) {
        if (BOOLEANS.contains(name) && (text.equals("true") || text.equals("false"))) {
            return JsonNodeFactory.instance.booleanNode(text.equals("true"));
        }
        if (NUMBERS.contains(name) && NUMBER.matcher(text).matches()) {
            BigDecimal number = new BigDecimal(text);
            return text.matches("-?[0-9]+")
                    ? JsonNodeFactory.instance.numberNode(number.toBigInteger())
                    : JsonNodeFactory.instance.numberNode(number.doubleValue());
        }
        return JsonNodeFactory.instance.textNode(text); // what is wrong its reader says
    }
}
