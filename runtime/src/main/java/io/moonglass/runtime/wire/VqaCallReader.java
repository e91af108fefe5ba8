package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolUse;
import java.util.ArrayList;
import java.util.List;

/// Reads the body of `POST /v1/vqa`: pictures and a question.
public final class VqaCallReader {

    private static final int MAX_IMAGES = 1_024;

    private VqaCallReader() {}

    /// @param model   the one that is asked
    /// @param tenant  whose request it is, as [io.moonglass.engine.RequestScope] has it
    /// @param readers of the media that the fields name
    /// @param first   what is shown before these
    /// @throws InvalidRequestException that names the field at fault
    public static ChatRequest read(
            RequestFields fields,
            ChatModel model,
            String tenant,
            MediaReaders readers,
            List<ContentPart> first) {
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "logprobs", "top_logprobs", "prompt_logprobs", "tools"));
        List<ContentPart> parts = new ArrayList<>(first);
        addMedia(parts, fields, readers);
        String question = fields.requiredString("question");
        if (question.isBlank()) {
            throw fields.wrong("question", "a question");
        }
        parts.add(new ContentPart.Text(WellFormed.text(question)));
        List<Message> messages = new ArrayList<>();
        fields.string("system")
                .map(WellFormed::text)
                .ifPresent(system -> messages.add(Message.text(Role.SYSTEM, system)));
        messages.add(new Message(Role.USER, parts));
        return new ChatRequest(
                new Prompt.Conversation(messages, ToolUse.NONE),
                options(fields, model),
                SamplingReader.scope(fields, tenant));
    }

    private static void addMedia(
            List<ContentPart> parts, RequestFields fields, MediaReaders readers) {
        addImages(parts, fields, "image", readers.pictures());
        addImages(parts, fields, "images", readers.pictures());
        if (fields.has("video")) {
            parts.add(readers.videos().beside(fields, "video"));
        }
        if (fields.has("document")) {
            parts.add(readers.attachments().at(fields, fields, "document"));
        }
    }

    private static AnswerOptions options(RequestFields fields, ChatModel model) {
        return SamplingReader.answer(fields, model, "stop")
                .format(FormatReader.read(fields))
                .maxTokens(SamplingReader.maxTokens(fields))
                .reasoningTokens(ReasoningReader.budget(fields))
                .build();
    }

    /// An address, or a list of them.
    private static void addImages(
            List<ContentPart> parts, RequestFields fields, String key, PictureReader pictures) {
        if (!fields.has(key)) {
            return;
        }
        JsonNode value = fields.value(key);
        ArrayNode list =
                value.isArray()
                        ? (ArrayNode) value
                        : JsonNodeFactory.instance.arrayNode().add(value);
        if (list.size() > MAX_IMAGES) {
            throw InvalidRequestException.invalidValue(
                    key,
                    "%s has %d items; want at most %d".formatted(key, list.size(), MAX_IMAGES));
        }
        for (int i = 0; i < list.size(); i++) {
            String param = value.isArray() ? "%s[%d]".formatted(key, i) : key;
            parts.add(pictures.alone(list.get(i), param));
        }
    }
}
