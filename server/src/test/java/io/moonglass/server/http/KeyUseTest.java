package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class KeyUseTest {

    private final AtomicLong now = new AtomicLong();

    private KeyUse use(KeyLimits limits) {
        return new KeyUse(limits, now::get);
    }

    private void pass(long seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    private static HttpFault refusal(KeyUse use) {
        return assertThrows(HttpFault.class, use::enter);
    }

    private static String retryAfter(HttpFault fault) {
        return fault.headers().getFirst().get();
    }

    @Test
    void requests_of_a_minute_may_come_at_once_and_come_back_evenly() {
        KeyUse use = use(KeyLimits.NONE.with("requests-per-minute", 2));
        use.enter().close();
        use.enter().close();

        HttpFault refused = refusal(use);
        pass(30);
        use.enter().close();

        assertEquals(429, refused.status());
        assertEquals("key_request_limit", refused.code());
        assertEquals("30", retryAfter(refused));
        assertEquals("key_request_limit", refusal(use).code());
    }

    @Test
    void a_key_that_owes_tokens_waits_until_it_owes_none() {
        KeyUse use = use(KeyLimits.NONE.with("tokens-per-minute", 60));
        use.enter().close();
        use.spend(100);

        HttpFault refused = refusal(use);
        pass(41);
        use.enter().close();

        assertEquals("key_token_limit", refused.code());
        assertEquals("41", retryAfter(refused));
    }

    @Test
    void a_place_is_free_again_when_its_request_has_ended() {
        KeyUse use = use(KeyLimits.NONE.with("max-running", 1));
        KeyUse.Place place = use.enter();

        String refused = refusal(use).code();
        place.close();
        place.close(); // must not give back another's
        use.enter();

        assertEquals("key_running_limit", refused);
        assertEquals("key_running_limit", refusal(use).code());
    }

    @Test
    void other_limits_leave_what_was_used_used() {
        KeyUse use = use(KeyLimits.NONE.with("requests-per-minute", 1));
        use.enter().close();

        use.limit(KeyLimits.NONE.with("requests-per-minute", 60));
        String refused = refusal(use).code();
        pass(1);
        use.enter().close();
        use.limit(KeyLimits.NONE);
        use.enter().close();

        assertEquals("key_request_limit", refused);
    }
}
