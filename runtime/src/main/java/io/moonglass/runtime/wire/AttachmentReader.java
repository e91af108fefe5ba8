package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.ocr.PageRanges;
import java.util.StringJoiner;

/// Makes files of what requests say of them, in whichever dialect: PDFs, and pictures and videos that come as files.
///
/// @param pictures finds what a request refers to
/// @param videos   reads what is said of a video
public record AttachmentReader(PictureReader pictures, VideoReader videos) {

    private static final int MAX_PAGES_CHARS = 10_000;

    /// A file as OpenAI's dialects have it: uploaded before (`file_id`), at an address (`file_url`), or itself
    /// (`file_data`, a `data:` address or base64).
    ///
    /// @param file may choose `pages`
    public ContentPart.File file(RequestFields file) {
        if (file.has("file_id")) {
            return of(pictures.uploaded(file, "file_id"), file, file.pathOf("file_id"));
        }
        if (file.has("file_url")) {
            return of(pictures.source(file, "file_url"), file, file.pathOf("file_url"));
        }
        if (!file.has("file_data")) {
            throw InvalidRequestException.invalidValue(
                    file.pathOf("file_data"),
                    "%s is missing; want file_data, file_url or file_id"
                            .formatted(file.pathOf("file_data")));
        }
        String data = file.requiredString("file_data");
        boolean isAddress = data.regionMatches(true, 0, "data:", 0, "data:".length());
        return isAddress
                ? of(new MediaSource.Address(data), file, file.pathOf("file_data"))
                : inBase64(file, file, "file_data");
    }

    /// A file at an address.
    ///
    /// @param settings of pages and videos
    public ContentPart at(RequestFields settings, RequestFields holder, String key) {
        return of(pictures.source(holder, key), settings, holder.pathOf(key));
    }

    /// A file that was uploaded before.
    public ContentPart uploaded(RequestFields settings, RequestFields holder, String key) {
        return of(pictures.uploaded(holder, key), settings, holder.pathOf(key));
    }

    /// A file whose bytes stand in the request; a type beside them is not believed.
    public ContentPart.File inBase64(RequestFields settings, RequestFields holder, String key) {
        String address = "data:application/octet-stream;base64," + holder.requiredString(key);
        return of(new MediaSource.Address(address), settings, holder.pathOf(key));
    }

    /// @param settings may choose pages, and say how a video is shown
    public ContentPart.File of(MediaSource source, RequestFields settings, String param) {
        return new ContentPart.File(source, pages(settings), videos.settings(settings), param);
    }

    /// A file all of which is meant; nothing that a request says of files holds for it.
    public ContentPart.File whole(MediaSource source, String param) {
        return new ContentPart.File(
                source, PageRanges.all(), videos.settings(RequestFields.NONE), param);
    }

    /// Which pages: a text such as `1-3,7`, or a list of such texts and of numbers; all where there is neither.
    public static PageRanges pages(RequestFields settings) {
        if (!settings.has("pages")) {
            return PageRanges.all();
        }
        JsonNode value = settings.value("pages");
        try {
            if (value.isTextual() && value.textValue().length() <= MAX_PAGES_CHARS) {
                return PageRanges.parse(value.textValue());
            }
            if (value.isArray() && value.size() <= PageRanges.MAX_RANGES && !value.isEmpty()) {
                return PageRanges.parse(joined(value));
            }
        } catch (InvalidRequestException e) {
            throw InvalidRequestException.invalidValue(settings.pathOf("pages"), e.getMessage());
        }
        throw settings.wrong("pages", "a text such as \"1-3,7\", or a list of page numbers");
    }

    /// In forms, numbers are texts.
    private static String joined(JsonNode list) {
        StringJoiner all = new StringJoiner(",");
        list.forEach(item -> all.add(item.isTextual() ? item.textValue() : item.toString()));
        return all.toString();
    }
}
