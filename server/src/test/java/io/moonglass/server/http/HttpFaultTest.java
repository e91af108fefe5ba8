package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import org.junit.jupiter.api.Test;

class HttpFaultTest {

    @Test
    void media_that_cannot_be_fetched_are_the_callers_fault_with_a_status_of_their_own() {
        assertEquals("403 forbidden_address", statusAndCode(Kind.FORBIDDEN_ADDRESS));
        assertEquals("422 media_unavailable", statusAndCode(Kind.MEDIA_UNAVAILABLE));
    }

    private static String statusAndCode(Kind kind) {
        HttpFault fault =
                HttpFault.of(new InvalidRequestException(kind, "image_url", "why"), "request-1");
        assertEquals("image_url", fault.param());
        return fault.status() + " " + fault.code();
    }
}
