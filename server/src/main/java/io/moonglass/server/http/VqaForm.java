package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// A question about pictures that came as a form: files called `image`, `video` or `document`, and fields as text.
///
/// @param fields as an object, as if they had come in JSON
/// @param files  in their order
record VqaForm(JsonNode fields, List<Upload> files) {

    /// A file of the form.
    ///
    /// @param name as the form calls it, which says what it is
    record Upload(String name, byte[] bytes) {

        /// What a caller may mean by more than one file of a kind.
        String kind() {
            return switch (name) {
                case "images", "image[]" -> "image";
                case "file", "pdf" -> "document";
                default -> name;
            };
        }
    }

    private static final int MAX_FIELD_BYTES = 1 << 20;

    /// As JSON writes them; longer ones nobody means.
    private static final Pattern NUMBER =
            Pattern.compile("-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?");

    private static final Set<String> KINDS = Set.of("image", "video", "document");
    private static final Set<String> BOOLEANS =
            Set.of("stream", "ignore_eos", "skip_special_tokens", "timestamps");
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
                    "dpi",
                    "fps",
                    "max_frames",
                    "max_video_tokens",
                    "repetition_penalty",
                    "presence_penalty",
                    "frequency_penalty",
                    "min_tokens",
                    "max_completion_tokens",
                    "max_output_tokens",
                    "thinking_token_budget",
                    "n");

    /// @param maxFileBytes of one file
    static VqaForm read(MultipartBody form, int maxFileBytes) throws IOException {
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        List<Upload> files = new ArrayList<>();
        for (Optional<MultipartBody.Part> next; (next = form.next()).isPresent(); ) {
            MultipartBody.Part part = next.get();
            if (part.fileName().isPresent()) {
                Upload file = new Upload(part.name(), part.bytes(maxFileBytes));
                refuseOther(file);
                files.add(file);
            } else {
                add(fields, part.name(), value(part.name(), part.text(MAX_FIELD_BYTES)));
            }
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

    private static void refuseOther(Upload file) {
        if (!KINDS.contains(file.kind())) {
            throw HttpFault.invalidRequest(
                    400,
                    "invalid_form",
                    "a file is called %s; want \"image\", \"video\" or \"document\""
                            .formatted(HttpFault.quoted(file.name())));
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
