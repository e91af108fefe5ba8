package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;

/// Says of one fetch what went wrong, in our own words alone: nothing of what the other side sent, and
/// of an address that is not fetched from nothing about what is there.
///
/// @param what  the medium, as `image`
/// @param url   as the caller wrote it
/// @param param the field that holds it; may be null
record FetchFaults(String what, String url, String param) {

    /// One wording for every reason, a name that does not exist among them: telling them apart would
    /// tell a caller what is inside of the operator's network.
    InvalidRequestException forbidden() {
        return fault(
                Kind.FORBIDDEN_ADDRESS,
                "its host is none that this server fetches from, or has no public address; send the bytes themselves in a data: address");
    }

    InvalidRequestException forbiddenRedirect() {
        return fault(
                Kind.FORBIDDEN_ADDRESS,
                "it redirects to where this server does not fetch from; give the final address, or send the bytes themselves in a data: address");
    }

    InvalidRequestException offline() {
        return fault(
                Kind.UNSUPPORTED_FEATURE,
                "this server is offline; send the bytes themselves in a data: address");
    }

    InvalidRequestException tooLarge(String size, long limit) {
        return fault(
                Kind.MEDIA_TOO_LARGE,
                "it has %s bytes, the limit is %,d; send a smaller one".formatted(size, limit));
    }

    InvalidRequestException unavailable(String why, Object... values) {
        return fault(Kind.MEDIA_UNAVAILABLE, why.formatted(values));
    }

    private InvalidRequestException fault(Kind kind, String why) {
        String where = param == null ? "" : param + ": ";
        return new InvalidRequestException(
                kind,
                param,
                "%s%s %s cannot be fetched: %s".formatted(where, what, QuotedAddress.of(url), why));
    }
}
