package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.Prompt;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.BooleanSupplier;

/// What the body of `POST /v1/embeddings` asks for: features of texts and pictures.
public final class EmbeddingCall {

    private static final int MAX_INPUTS = 256;

    private final RequestFields fields;
    private final List<Input> inputs;
    private final RequestScope scope;
    private final boolean asBase64;

    /// One text or picture.
    private interface Input {
        Embedding embed(ChatModel model, RequestScope scope, BooleanSupplier abandoned);
    }

    /// @param embedding a list of numbers, or base64 of them as little-endian floats
    public record Item(String object, int index, Object embedding) {}

    @JsonNaming(SnakeCaseStrategy.class)
    public record Cost(int promptTokens, int totalTokens) {}

    /// The answer's body.
    public record Reply(String object, List<Item> data, String model, Cost usage) {}

    private EmbeddingCall(RequestFields fields, String tenant, UploadedFiles files) {
        this.fields = fields;
        this.inputs = inputs(fields, files);
        this.asBase64 = isBase64(fields);
        this.scope = SamplingReader.scope(fields, tenant);
    }

    /// @param tenant whose request it is, as [RequestScope] has it
    /// @throws io.moonglass.loader.fault.InvalidRequestException that names the field at fault
    public static EmbeddingCall read(RequestFields fields, String tenant, UploadedFiles files) {
        return new EmbeddingCall(fields, tenant, files);
    }

    public int numInputs() {
        return inputs.size();
    }

    /// The features of one input.
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    public Embedding embed(int index, ChatModel model, BooleanSupplier abandoned) {
        Embedding embedding = inputs.get(index).embed(model, scope, abandoned);
        int dimensions = embedding.values().length;
        if (fields.integer("dimensions", 1).orElse(dimensions) != dimensions) {
            throw fields.wrong(
                    "dimensions", "%d, which this model's features have".formatted(dimensions));
        }
        return embedding;
    }

    /// @param embeddings of all inputs
    public Reply reply(String model, List<Embedding> embeddings) {
        List<Item> items = new ArrayList<>();
        int numTokens = 0;
        for (Embedding embedding : embeddings) {
            float[] values = embedding.values();
            items.add(new Item("embedding", items.size(), asBase64 ? base64(values) : values));
            numTokens += embedding.size().tokens();
        }
        return new Reply("list", items, model, new Cost(numTokens, numTokens));
    }

    /// A string, a list of strings and pictures, a list of token ids, or a list of such lists. A picture is an object
    /// with an `image`.
    private static List<Input> inputs(RequestFields fields, UploadedFiles files) {
        JsonNode input = fields.value("input");
        if (!input.isArray() || input.path(0).isIntegralNumber()) {
            return List.of(input(input, "input", fields, files));
        }
        if (input.isEmpty() || input.size() > MAX_INPUTS) {
            throw fields.wrong("input", "1 to %d inputs".formatted(MAX_INPUTS));
        }
        List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < input.size(); i++) {
            inputs.add(input(input.get(i), "input[%d]".formatted(i), fields, files));
        }
        return inputs;
    }

    private static Input input(
            JsonNode input, String param, RequestFields fields, UploadedFiles files) {
        if (input.isObject()) {
            RequestFields holder = RequestFields.of(param, input);
            PictureReader pictures = PictureReader.of(fields, files);
            String key = holder.has("file_id") ? "file_id" : "image";
            ContentPart.Picture picture = pictures.at(holder, key);
            return (model, scope, abandoned) ->
                    model.embedPicture(picture, holder.pathOf(key), scope, abandoned);
        }
        if (!input.isTextual() && !input.isArray()) {
            throw fields.wrong("input", "a string, token ids, a picture, or a list of such");
        }
        Prompt text = PromptReader.prompt(input, fields, "input");
        return (model, scope, abandoned) -> model.embedText(text, scope, abandoned);
    }

    private static boolean isBase64(RequestFields fields) {
        return switch (fields.string("encoding_format").orElse("float")) {
            case "float" -> false;
            case "base64" -> true;
            default -> throw fields.wrong("encoding_format", "\"float\" or \"base64\"");
        };
    }

    private static String base64(float[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
