package io.moonglass.clients;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// An answer of `POST /v1/embeddings`: features of each input, in their order.
public record Embeddings(List<Embedding> data, String model, Usage usage) {

    public Embeddings {
        data = List.copyOf(data);
    }

    /// @param index     of the input
    /// @param embedding its features, of length 1
    public record Embedding(
            int index, @JsonDeserialize(using = FloatsReader.class) float[] embedding) {

        /// How alike two inputs are, from -1 to 1.
        ///
        /// @throws IllegalArgumentException if they are of different models
        public double cosine(Embedding other) {
            if (embedding.length != other.embedding.length) {
                throw new IllegalArgumentException(
                        "%d and %d features; want two of one model"
                                .formatted(embedding.length, other.embedding.length));
            }
            double product = 0;
            double square = 0;
            double otherSquare = 0;
            for (int i = 0; i < embedding.length; i++) {
                product += (double) embedding[i] * other.embedding[i];
                square += (double) embedding[i] * embedding[i];
                otherSquare += (double) other.embedding[i] * other.embedding[i];
            }
            return product / Math.sqrt(square * otherSquare);
        }
    }

    @JsonNaming(SnakeCaseStrategy.class)
    public record Usage(int promptTokens, int totalTokens) {}

    /// A list of numbers, or base64 of them as little-endian floats.
    static final class FloatsReader extends JsonDeserializer<float[]> {

        @Override
        public float[] deserialize(JsonParser parser, DeserializationContext context)
                throws IOException {
            if (parser.isExpectedStartArrayToken()) {
                return context.readValue(parser, float[].class);
            }
            ByteBuffer bytes =
                    ByteBuffer.wrap(parser.getBinaryValue()).order(ByteOrder.LITTLE_ENDIAN);
            float[] values = new float[bytes.remaining() / Float.BYTES];
            bytes.asFloatBuffer().get(values);
            return values;
        }
    }
}
