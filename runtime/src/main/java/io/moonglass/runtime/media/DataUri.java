package io.moonglass.runtime.media;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/// Takes the bytes out of a `data:` address (RFC 2397). Only base64 is taken, in either alphabet, with
/// or without padding; white space inside it is ignored. The media type is not believed: the bytes
/// themselves say what they are.
public final class DataUri {

    private static final String SCHEME = "data:";
    private static final int MAX_TYPE_LENGTH = 256;

    private DataUri() {}

    /// @param url      as the caller sent it
    /// @param maxBytes the most bytes it may hold
    /// @throws InvalidRequestException if it is no base64 `data:` address or too large
    public static byte[] decode(String url, long maxBytes) {
        if (!url.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw invalid(
                    "want a data: address with the picture in base64; other addresses are not fetched");
        }
        int comma = url.indexOf(',');
        if (comma < 0 || comma > MAX_TYPE_LENGTH) {
            throw invalid("no comma after the media type; want data:image/png;base64,...");
        }
        if (!url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw invalid("the data is not marked as base64; want data:image/png;base64,...");
        }
        byte[] base64 = base64Digits(url, comma + 1);
        long numBytes = base64.length / 4L * 3 + base64.length % 4 * 3 / 4;
        if (numBytes > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "image of %,d bytes, the limit is %,d; send a smaller one"
                            .formatted(numBytes, maxBytes));
        }
        if (numBytes == 0) {
            throw invalid("there is no data after the comma");
        }
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw invalid("the data is no valid base64");
        }
    }

    /// The digits in the standard alphabet, without white space and padding.
    private static byte[] base64Digits(String url, int from) {
        byte[] digits = new byte[url.length() - from];
        int length = 0;
        boolean ended = false;
        for (int i = from; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                continue;
            }
            if (c == '=') {
                ended = true;
                continue;
            }
            if (ended || c > 127) {
                throw invalid("the data is no valid base64");
            }
            digits[length++] =
                    switch (c) {
                        case '-' -> (byte) '+';
                        case '_' -> (byte) '/';
                        default -> (byte) c;
                    };
        }
        return Arrays.copyOf(digits, length);
    }

    private static InvalidRequestException invalid(String message) {
        return InvalidRequestException.invalidValue(null, message);
    }
}
