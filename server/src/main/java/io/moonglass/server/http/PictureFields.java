package io.moonglass.server.http;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/// Reads where a part's picture is and how large it may be, whatever the dialect.
final class PictureFields {

    /// What OpenAI's `"detail": "low"` promises to be enough.
    private static final long LOW_DETAIL_PIXELS = 512 * 512;

    private PictureFields() {}

    /// @param holder has a `data:` address under `key`
    static ContentPart atAddress(RequestFields holder, String key, OptionalLong maxPixels) {
        String address = holder.requiredString(key);
        if (!address.regionMatches(true, 0, "data:", 0, "data:".length())) {
            throw holder.wrong(
                    key,
                    "a data: address such as data:image/png;base64,...; nothing is fetched from elsewhere yet");
        }
        return new ContentPart.ImageUrl(address, maxPixels, holder.pathOf(key));
    }

    /// @param holder has the picture's bytes in base64 under `key`
    static ContentPart inBase64(RequestFields holder, String key, OptionalLong maxPixels) {
        // the type is not believed: the bytes themselves say what they are
        String address = "data:image/png;base64," + holder.requiredString(key);
        return new ContentPart.ImageUrl(address, maxPixels, holder.pathOf(key));
    }

    /// @param holder has the id of an uploaded file under `key`
    static ContentPart inFile(RequestFields holder, String key, OptionalLong maxPixels) {
        String path = holder.pathOf(key);
        throw new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                path,
                path + ": files are not supported here yet; send the picture itself");
    }

    /// The strictest of what request and part say: `max_pixels`, and a `detail` of `low`.
    static OptionalLong maxPixels(RequestFields part, OptionalLong ofRequest) {
        OptionalLong ofDetail =
                part.string("detail").orElse("").equals("low")
                        ? OptionalLong.of(LOW_DETAIL_PIXELS)
                        : OptionalLong.empty();
        return LongStream.of(
                        ofRequest.orElse(Long.MAX_VALUE),
                        maxPixels(part).orElse(Long.MAX_VALUE),
                        ofDetail.orElse(Long.MAX_VALUE))
                .filter(pixels -> pixels < Long.MAX_VALUE)
                .min();
    }

    /// What an object itself says in `max_pixels`.
    static OptionalLong maxPixels(RequestFields holder) {
        OptionalLong pixels = holder.longInteger("max_pixels");
        if (pixels.isPresent() && pixels.getAsLong() < 1) {
            throw holder.wrong("max_pixels", "a number of pixels from 1 up");
        }
        return pixels;
    }
}
