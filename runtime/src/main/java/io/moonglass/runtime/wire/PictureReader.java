package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// Makes pictures of what requests say of them, in whichever dialect.
///
/// @param maxPixels what they are shrunk to unless one says otherwise itself; empty for the model's own limit
/// @param files     of which some are pictures
public record PictureReader(OptionalLong maxPixels, UploadedFiles files) {

    private static final String WANTED =
            "an https: address, a data: address such as data:image/png;base64,..., or the id or hash of an uploaded file";

    /// Whether one can be had is found out where it is fetched.
    private static final Pattern ADDRESS =
            Pattern.compile("[A-Za-z][A-Za-z0-9+.-]{0,31}:.*", Pattern.DOTALL);

    /// Four patches of 14 x 14 pixels make the smallest picture, one token.
    public static final long LEAST_PIXELS = 28 * 28;

    /// Of a picture of which little is to be seen: 256 tokens at most.
    private static final long LOW_DETAIL_PIXELS = 448 * 448;

    /// @param request may have a `max_pixels` and a `detail` for all of its pictures
    public static PictureReader of(RequestFields request, UploadedFiles files) {
        PictureReader sized = new PictureReader(SamplingReader.maxPixels(request), files);
        return new PictureReader(sized.pixels(request), files);
    }

    /// A picture at an address.
    ///
    /// @param holder has the address under `key`, and may have a `detail` and a `max_pixels`
    public ContentPart.Picture at(RequestFields holder, String key) {
        return at(holder.requiredString(key), holder, key);
    }

    private ContentPart.Picture at(String address, RequestFields holder, String key) {
        if (UploadedFiles.isReference(address)) {
            return inFile(holder, key);
        }
        if (!isAddress(address)) {
            throw holder.wrong(key, WANTED);
        }
        return ContentPart.Picture.at(address, pixels(holder), holder.pathOf(key));
    }

    /// A picture at an address that stands alone, without an object that could say more of it.
    ///
    /// @param param where the request has it
    public ContentPart.Picture alone(JsonNode address, String param) {
        String text = address.isTextual() ? address.textValue() : "";
        if (UploadedFiles.isReference(text)) {
            return new ContentPart.Picture(
                    new MediaSource.Bytes(files.read(text, param)), maxPixels, param);
        }
        if (!isAddress(text)) {
            throw InvalidRequestException.invalidValue(
                    param, "%s is no picture; want %s".formatted(param, WANTED));
        }
        return ContentPart.Picture.at(text, maxPixels, param);
    }

    private static boolean isAddress(String text) {
        return ADDRESS.matcher(text).matches();
    }

    /// Where a video or document is: at an address, or among the uploaded files.
    ///
    /// @param holder has the address, or a file's id or hash, under `key`
    public MediaSource source(RequestFields holder, String key) {
        String address = holder.requiredString(key);
        if (UploadedFiles.isReference(address)) {
            return files.stored(address, holder.pathOf(key));
        }
        if (!isAddress(address)) {
            throw holder.wrong(key, WANTED);
        }
        return new MediaSource.Address(address);
    }

    /// A video or document that was uploaded before.
    public MediaSource uploaded(RequestFields holder, String key) {
        return files.stored(holder.requiredString(key), holder.pathOf(key));
    }

    /// A picture whose bytes stand in the request.
    ///
    /// @param part   may have a `detail` and a `max_pixels`
    /// @param holder has the bytes in base64 under `key`; a type beside them is not believed
    public ContentPart.Picture inBase64(RequestFields part, RequestFields holder, String key) {
        return ContentPart.Picture.at(
                "data:image/png;base64," + holder.requiredString(key),
                pixels(part),
                holder.pathOf(key));
    }

    /// A picture that was uploaded before.
    ///
    /// @param holder has the file's id or hash under `key`, and may have a `detail` and a `max_pixels`
    public ContentPart.Picture inFile(RequestFields holder, String key) {
        String param = holder.pathOf(key);
        return new ContentPart.Picture(
                new MediaSource.Bytes(files.read(holder.requiredString(key), param)),
                pixels(holder),
                param);
    }

    /// What the picture may have at most: what it says itself, else its detail, else what the request says.
    public OptionalLong pixels(RequestFields holder) {
        OptionalLong own = holder.longInteger("max_pixels");
        if (own.isPresent() && own.getAsLong() < LEAST_PIXELS) {
            throw holder.wrong(
                    "max_pixels", "a number of pixels from %d on".formatted(LEAST_PIXELS));
        }
        String detail = holder.string("detail").orElse("auto");
        OptionalLong ofDetail =
                switch (detail) {
                    case "low" -> OptionalLong.of(LOW_DETAIL_PIXELS);
                    case "auto", "high", "original" -> OptionalLong.empty();
                    default -> throw holder.wrong("detail", "\"low\", \"high\" or \"auto\"");
                };
        if (own.isPresent()) {
            return own;
        }
        if (ofDetail.isPresent() && maxPixels.isPresent()) {
            return OptionalLong.of(Math.min(ofDetail.getAsLong(), maxPixels.getAsLong()));
        }
        return ofDetail.isPresent() ? ofDetail : maxPixels;
    }
}
