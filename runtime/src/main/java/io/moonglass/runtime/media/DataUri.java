package io.moonglass.runtime.media;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/// Takes the bytes out of a `data:` address (RFC 2397). Only base64 is taken, in either alphabet, with
/// its padding or without any; white space inside it is ignored, and its digits may be
/// percent-encoded. The media type is not believed: the bytes themselves say what they are.
public final class DataUri {

    private static final String SCHEME = "data:";
    private static final int MAX_TYPE_LENGTH = 256;

    private DataUri() {}

    /// @param url      as the caller sent it
    /// @param what     the medium, for messages: `image`
    /// @param maxBytes the most bytes it may hold
    /// @throws InvalidRequestException if it is no base64 `data:` address or too large
    public static byte[] decode(String url, String what, long maxBytes) {
        if (!url.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw invalid("want a data: address with the bytes in base64");
        }
        int comma = url.indexOf(',');
        if (comma < 0 || comma > MAX_TYPE_LENGTH) {
            throw invalid("no comma after the media type; want data:image/png;base64,...");
        }
        if (!url.substring(0, comma).toLowerCase(Locale.ROOT).endsWith(";base64")) {
            throw invalid("the data is not marked as base64; want data:image/png;base64,...");
        }
        byte[] digits = base64Digits(url, comma + 1);
        if (digits.length == 0) {
            throw invalid("there is no data after the comma");
        }
        if (digits.length % 4 == 1) {
            throw notBase64();
        }
        long numBytes = digits.length * 3L / 4;
        if (numBytes > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "%s of %,d bytes, the limit is %,d; send a smaller one"
                            .formatted(what, numBytes, maxBytes));
        }
        try {
            return Base64.getDecoder().decode(digits);
        } catch (IllegalArgumentException e) {
            throw notBase64();
        }
    }

    /// The digits in the standard alphabet, without white space and padding.
    private static byte[] base64Digits(String url, int from) {
        byte[] digits = new byte[url.length() - from];
        int length = 0;
        int padding = 0;
        for (int i = from; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c == '%') {
                c = percentDecoded(url, i);
                i += 2;
            }
            switch (c) {
                case ' ', '\t', '\r', '\n' -> {}
                case '=' -> padding++;
                default -> {
                    if (padding > 0 || c > 127) {
                        throw notBase64();
                    }
                    digits[length++] = standardDigit(c);
                }
            }
        }
        if (padding > 2 || padding > 0 && (length + padding) % 4 != 0) {
            throw notBase64();
        }
        return Arrays.copyOf(digits, length);
    }

    private static byte standardDigit(char digit) {
        return switch (digit) {
            case '-' -> '+';
            case '_' -> '/';
            default -> (byte) digit;
        };
    }

    private static char percentDecoded(String url, int at) {
        int high = at + 1 < url.length() ? Character.digit(url.charAt(at + 1), 16) : -1;
        int low = at + 2 < url.length() ? Character.digit(url.charAt(at + 2), 16) : -1;
        if (high < 0 || low < 0) {
            throw notBase64();
        }
        return (char) (high << 4 | low);
    }

    private static InvalidRequestException notBase64() {
        return invalid("the data is no valid base64");
    }

    private static InvalidRequestException invalid(String message) {
        return InvalidRequestException.invalidValue(null, message);
    }
}
