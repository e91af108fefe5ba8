package io.moonglass.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.moonglass.clients.schema.RecordSchema;

/// Makes records of answers.
final class StructuredReader {

    private static final int MAX_SHOWN_CHARS = 200;

    private StructuredReader() {}

    /// @throws UnusableAnswerException if it cannot be done
    static <T> StructuredAnswer<T> read(ChatCompletion completion, RecordSchema<T> schema) {
        ChatCompletion.Choice choice = completion.choices().get(0);
        String text = completion.text();
        if (choice.message().refusal() != null) {
            throw new RefusedAnswerException(fault(choice.message().refusal(), null));
        }
        if ("length".equals(choice.finishReason())) {
            throw new TruncatedAnswerException(
                            fault(
                                    "the answer was cut off at the token limit; allow more tokens",
                                    null))
                    .withPartialText(text);
        }
        try {
            return new StructuredAnswer<>(schema.read(text), completion);
        } catch (JsonProcessingException e) {
            String shown = text.substring(0, Math.min(text.length(), MAX_SHOWN_CHARS));
            throw new InvalidAnswerException(
                            fault("the answer is no %s: %s".formatted(schema.name(), shown), e))
                    .withPartialText(text);
        }
    }

    private static Fault fault(String message, Throwable cause) {
        return new Fault(200, message, null, null, null, null, Fault.Advice.NEVER, cause);
    }
}
