package io.moonglass.runtime.wire;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.ocr.OcrFormat;
import io.moonglass.runtime.ocr.PageWish;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Reads the body of `POST /v1/ocr`: a picture or document, and how its text is wanted.
public final class OcrCallReader {

    private static final int LEAST_DPI = 36;
    private static final int MOST_DPI = 600;

    /// More than any page has; a model that repeats itself must not do so for as long as its context is.
    private static final int USUAL_MAX_TOKENS = 8_192;

    private OcrCallReader() {}

    /// @param model  the one that is asked
    /// @param tenant whose request it is, as [io.moonglass.engine.RequestScope] has it
    /// @param media  reads what the fields name
    /// @param beside what came beside the fields
    /// @throws InvalidRequestException that names the field at fault
    public static OcrCall read(
            RequestFields fields,
            ChatModel model,
            String tenant,
            MediaReaders media,
            List<ContentPart.File> beside) {
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "logprobs", "top_logprobs", "prompt_logprobs", "tools", "messages"));
        return new OcrCall(
                file(fields, media, beside),
                new PageWish(
                        AttachmentReader.pages(fields),
                        fields.integer("dpi", LEAST_DPI, MOST_DPI),
                        media.pictures().maxPixels()),
                format(fields),
                answer(fields, model),
                SamplingReader.scope(fields, tenant),
                SamplingReader.timeout(fields),
                fields.bool("stream", false));
    }

    /// What a page says is not a matter of taste: the likeliest text, unless the request wants otherwise.
    private static AnswerOptions answer(RequestFields fields, ChatModel model) {
        AnswerOptions.Builder answer =
                SamplingReader.answer(fields, model, "stop")
                        .maxTokens(OptionalInt.of(maxTokens(fields, model)))
                        .reasoningTokens(ReasoningReader.budget(fields));
        AnswerOptions options = answer.build();
        return fields.has("temperature")
                ? options
                : options.with(changed -> changed.sampling(options.sampling().withTemperature(0)));
    }

    private static int maxTokens(RequestFields fields, ChatModel model) {
        return SamplingReader.maxTokens(fields)
                .orElse(Math.min(USUAL_MAX_TOKENS, model.contextLength() / 2));
    }

    private static OcrFormat format(RequestFields fields) {
        return switch (fields.string("format").orElse("markdown")) {
            case "markdown" -> OcrFormat.MARKDOWN;
            case "text" -> OcrFormat.TEXT;
            default -> throw fields.wrong("format", "\"markdown\" or \"text\"");
        };
    }

    /// One picture or document, under any of the names that it may have.
    private static ContentPart.File file(
            RequestFields fields, MediaReaders media, List<ContentPart.File> beside) {
        List<ContentPart.File> found = new ArrayList<>(beside);
        for (String key : List.of("document", "image", "file", "file_id")) {
            if (fields.has(key)) {
                found.add(named(fields, key, media));
            }
        }
        if (found.size() != 1) {
            throw InvalidRequestException.invalidValue(
                    "document",
                    "%d pictures and documents; want one: document, image or file_id, or a file of a form"
                            .formatted(found.size()));
        }
        return found.getFirst();
    }

    /// An address or a file's id, or an object that says which of the two it is.
    private static ContentPart.File named(RequestFields fields, String key, MediaReaders media) {
        if (fields.value(key).isTextual()) {
            MediaSource source =
                    key.equals("file_id")
                            ? media.pictures().uploaded(fields, key)
                            : media.pictures().source(fields, key);
            return media.attachments().whole(source, fields.pathOf(key));
        }
        RequestFields holder =
                fields.object(key).orElseThrow(() -> fields.wrong(key, "an address"));
        for (String address : List.of("document_url", "image_url", "url")) {
            Optional<RequestFields> inner =
                    holder.value(address).isObject() ? holder.object(address) : Optional.empty();
            if (inner.isPresent()) {
                return media.attachments()
                        .whole(
                                media.pictures().source(inner.get(), "url"),
                                inner.get().pathOf("url"));
            }
            if (holder.has(address)) {
                return media.attachments()
                        .whole(media.pictures().source(holder, address), holder.pathOf(address));
            }
        }
        ContentPart.File file = media.attachments().file(holder);
        return media.attachments().whole(file.source(), file.param());
    }
}
