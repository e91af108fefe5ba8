package io.moonglass.loader.fault;

/// A request that cannot be served as it was made: the caller's to mend. Only this request fails.
///
/// The message is shown to the caller, so it holds nothing of a library's own error text and no
/// path of this machine.
public final class InvalidRequestException extends RuntimeException {

    /// What kind of fault it is; the server makes the status and the wire's error code of it.
    public enum Kind {
        /// A field is missing, of the wrong type or out of range.
        INVALID_VALUE,
        /// Prompt and answer do not fit into the model's context.
        CONTEXT_LENGTH_EXCEEDED,
        /// The media's bytes are over a limit (bytes, pixels, number of pictures).
        MEDIA_TOO_LARGE,
        /// The bytes are of no format that is taken in.
        UNSUPPORTED_MEDIA,
        /// It is a picture, but it cannot be decoded.
        INVALID_IMAGE,
        /// It is a video or a document, but it cannot be decoded.
        INVALID_MEDIA,
        /// An address that this server does not fetch from, whatever is there.
        FORBIDDEN_ADDRESS,
        /// The media could not be had from the address: unreachable, refused there, too slow, cut short.
        MEDIA_UNAVAILABLE,
        /// A thing the model or the server cannot do.
        UNSUPPORTED_FEATURE
    }

    private final Kind kind;
    private final String param;

    /// @param param where the fault is, as the caller wrote it (`messages[1].content[0]`); may be null
    public InvalidRequestException(Kind kind, String param, String message) {
        super(message);
        this.kind = kind;
        this.param = param;
    }

    public static InvalidRequestException invalidValue(String param, String message) {
        return new InvalidRequestException(Kind.INVALID_VALUE, param, message);
    }

    public Kind kind() {
        return kind;
    }

    /// The field at fault, or null where no single one is.
    public String param() {
        return param;
    }

    /// The same fault, said of the field it was found in: a decoder does not know where in the
    /// request its bytes came from, its caller does.
    public InvalidRequestException at(String where) {
        InvalidRequestException located =
                new InvalidRequestException(kind, where, where + ": " + getMessage());
        located.setStackTrace(getStackTrace());
        return located;
    }
}
