package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolUse;
import java.util.ArrayList;
import java.util.List;

/// Reads the body of `POST /v1/vqa`: pictures and a question.
///
/// @param files that came beside the fields, in a form
record VqaReader(List<VqaForm.Upload> files) implements Dialect {

    private static final int MAX_IMAGES = 1_024;

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles uploaded) {
        RequestFields fields = RequestFields.of("", body);
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "logprobs", "top_logprobs", "prompt_logprobs", "tools"));
        List<ContentPart> parts = media(fields, MediaReaders.of(fields, uploaded));
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
        return new Question(
                new Call(
                        new ChatRequest(
                                new Prompt.Conversation(messages, ToolUse.NONE),
                                options(fields, model),
                                SamplingReader.scope(fields, caller)),
                        1,
                        SamplingReader.timeout(fields),
                        fields.bool("stream", false)),
                new VqaReply(model.name()));
    }

    /// What came in a form first, then what the fields name.
    private List<ContentPart> media(RequestFields fields, MediaReaders readers) {
        List<ContentPart> parts = new ArrayList<>();
        for (VqaForm.Upload file : files) {
            parts.add(part(file, fields, readers));
        }
        addImages(parts, fields, "image", readers.pictures());
        addImages(parts, fields, "images", readers.pictures());
        if (fields.has("video")) {
            parts.add(readers.videos().beside(fields, "video"));
        }
        if (fields.has("document")) {
            parts.add(readers.attachments().at(fields, fields, "document"));
        }
        return parts;
    }

    private static ContentPart part(
            VqaForm.Upload file, RequestFields fields, MediaReaders readers) {
        MediaSource source = new MediaSource.Bytes(file.bytes());
        return switch (file.kind()) {
            case "video" ->
                    new ContentPart.Video(source, readers.videos().settings(fields), file.name());
            case "document" -> readers.attachments().of(source, fields, file.name());
            default -> new ContentPart.Picture(source, readers.pictures().maxPixels(), file.name());
        };
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
