package io.moonglass.server.http;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.ocr.OcrFormat;
import io.moonglass.runtime.ocr.PageRanges;
import io.moonglass.runtime.ocr.PageWish;
import io.moonglass.runtime.wire.AttachmentReader;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.ReasoningReader;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Reads the body of `POST /v1/ocr`: a picture or document, and how its text is wanted.
///
/// @param files that came beside the fields, in a form
record OcrReader(List<VqaForm.Upload> files) {

    private static final int LEAST_DPI = 36;
    private static final int MOST_DPI = 600;

    /// More than any page has; a model that repeats itself must not do so for as long as its context is.
    private static final int USUAL_MAX_TOKENS = 8_192;

    /// @throws InvalidRequestException that names the field at fault
    OcrCall read(RequestFields fields, ChatModel model, Caller caller, RequestFiles uploaded) {
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "logprobs", "top_logprobs", "prompt_logprobs", "tools", "messages"));
        MediaReaders media = MediaReaders.of(fields, uploaded);
        return new OcrCall(
                file(fields, media),
                new PageWish(
                        AttachmentReader.pages(fields),
                        fields.integer("dpi", LEAST_DPI, MOST_DPI),
                        media.pictures().maxPixels()),
                format(fields),
                answer(fields, model),
                SamplingReader.scope(fields, caller.tenant()),
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
    private ContentPart.File file(RequestFields fields, MediaReaders media) {
        List<ContentPart.File> found = new ArrayList<>();
        for (VqaForm.Upload file : files) {
            found.add(of(new MediaSource.Bytes(file.bytes()), file.name(), fields, media));
        }
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
            return of(source, fields.pathOf(key), fields, media);
        }
        RequestFields holder =
                fields.object(key).orElseThrow(() -> fields.wrong(key, "an address"));
        for (String address : List.of("document_url", "image_url", "url")) {
            Optional<RequestFields> inner =
                    holder.value(address).isObject() ? holder.object(address) : Optional.empty();
            if (inner.isPresent()) {
                return of(
                        media.pictures().source(inner.get(), "url"),
                        inner.get().pathOf("url"),
                        fields,
                        media);
            }
            if (holder.has(address)) {
                return of(
                        media.pictures().source(holder, address),
                        holder.pathOf(address),
                        fields,
                        media);
            }
        }
        ContentPart.File file = media.attachments().file(holder);
        return of(file.source(), file.param(), fields, media);
    }

    private static ContentPart.File of(
            MediaSource source, String param, RequestFields fields, MediaReaders media) {
        return new ContentPart.File(
                source, PageRanges.all(), media.videos().settings(RequestFields.NONE), param);
    }
}
