package io.moonglass.server.load;

/// How often one kind of error came.
///
/// @param first the message of the first one
public record ErrorCount(long count, String first) {

    ErrorCount plus(ErrorCount later) {
        return new ErrorCount(count + later.count, first);
    }
}
