package io.moonglass.server.http;

import io.moonglass.loader.fault.InvalidRequestException;
import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import java.util.OptionalLong;

/// Makes pictures of what requests say of them, in whichever dialect.
///
/// @param maxPixels what they are shrunk to unless one says otherwise itself; empty for the model's own limit
record PictureReader(OptionalLong maxPixels) {

    private static final String WANTED =
            "a data: address such as data:image/png;base64,...; nothing is fetched from elsewhere yet";

    /// Four patches of 14 x 14 pixels make the smallest picture, one token.
    static final long LEAST_PIXELS = 28 * 28;

    /// Of a picture of which little is to be seen: 256 tokens at most.
    private static final long LOW_DETAIL_PIXELS = 448 * 448;

    /// A picture at an address.
    ///
    /// @param holder has the address under `key`, and may have a `detail` and a `max_pixels`
    ContentPart.Picture at(RequestFields holder, String key) {
        return at(holder.requiredString(key), holder, key);
    }

    private ContentPart.Picture at(String address, RequestFields holder, String key) {
        if (!isData(address)) {
            throw holder.wrong(key, WANTED);
        }
        return new ContentPart.ImageUrl(address, pixels(holder), holder.pathOf(key));
    }

    /// A picture at an address that stands alone, without an object that could say more of it.
    ///
    /// @param param where the request has it
    ContentPart.Picture alone(JsonNode address, String param) {
        if (!address.isTextual() || !isData(address.textValue())) {
            throw InvalidRequestException.invalidValue(
                    param, "%s is no picture; want %s".formatted(param, WANTED));
        }
        return new ContentPart.ImageUrl(address.textValue(), maxPixels, param);
    }

    private static boolean isData(String address) {
        return address.regionMatches(true, 0, "data:", 0, "data:".length());
    }

    /// A picture whose bytes stand in the request.
    ///
    /// @param part   may have a `detail` and a `max_pixels`
    /// @param holder has the bytes in base64 under `key`; a type beside them is not believed
    ContentPart.Picture inBase64(RequestFields part, RequestFields holder, String key) {
        return new ContentPart.ImageUrl(
                "data:image/png;base64," + holder.requiredString(key),
                pixels(part),
                holder.pathOf(key));
    }

    /// A picture that was uploaded before.
    ///
    /// @param holder has the file's id under `key`
    ContentPart.Picture inFile(RequestFields holder, String key) {
        throw new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                holder.pathOf(key),
                holder.pathOf(key)
                        + ": uploaded files are not supported yet; send the picture itself");
    }

    /// What the picture may have at most: what it says itself, else its detail, else what the request says.
    OptionalLong pixels(RequestFields holder) {
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
