package io.moonglass.runtime.fetch;

import java.io.InputStream;

/// A server's answer, of which the head has been read.
///
/// @param location  where a redirect leads; null without one
/// @param isEncoded whether the body is compressed or the like
/// @param length    of the body in bytes; -1 if it was not said
/// @param body      null if there is none
record MediaAnswer(int status, String location, boolean isEncoded, long length, InputStream body) {

    boolean isRedirect() {
        return switch (status) {
            case 301, 302, 303, 307, 308 -> location != null;
            default -> false;
        };
    }
}
