package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/// Requests with junk in them, drawn at random from a fixed seed.
class HostileRequestsTest {

    private static final String GOOD =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":2,\"temperature\":0}";

    /// What may become of junk: it does no harm, it is refused, or the answer that it asks for takes too long.
    private static final Set<Integer> STATUSES = Set.of(200, 400, 404, 413, 422, 501, 503, 504);

    private static TinyServer server;

    @BeforeContainer
    static void start() {
        server = new TinyServer(options -> options.withRequestTimeout(Duration.ofSeconds(2)));
    }

    @AfterContainer
    static void stop() {
        server.close();
    }

    @Provide
    Arbitrary<HostileRequest> requests() {
        return Arbitraries.randomValue(HostileRequest::drawn);
    }

    @Property(
            tries = 1_500,
            seed = "20261128",
            generation = GenerationMode.RANDOMIZED,
            shrinking = ShrinkingMode.OFF)
    void junk_is_answered_and_harms_nobody(@ForAll("requests") HostileRequest request)
            throws IOException {
        HttpResponse<String> response = server.post(request.path(), request.body());

        String told = request + "\n" + response.statusCode() + " " + response.body();
        assertTrue(STATUSES.contains(response.statusCode()), told);
        assertFalse(response.body().contains("internal_error"), told);
        assertTrue(response.headers().firstValue("X-Request-Id").isPresent(), told);
        if (response.statusCode() != 200) {
            JsonNode error = TinyServer.JSON.readTree(response.body()).path("error");
            assertTrue(error.path("message").isTextual(), told);
            assertTrue(error.path("type").isTextual(), told);
        }
        assertEquals(200, statusOfGoodRequest(), told);
    }

    /// The server's time limit is for junk; on a busy machine it may strike a good request, too.
    private static int statusOfGoodRequest() {
        int status = 504;
        for (int i = 0; status == 504 && i < 20; i++) {
            status = server.post("/v1/chat/completions", GOOD).statusCode();
        }
        return status;
    }
}
