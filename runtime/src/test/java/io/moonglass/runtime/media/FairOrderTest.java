package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.engine.RequestScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FairOrderTest {

    private final FairOrder order = new FairOrder();
    private final Map<String, FairOrder.Place> places = new LinkedHashMap<>();

    @Test
    void requests_take_turns_and_a_new_one_waits_for_none_twice() {
        join("a", "", 0);
        assertEquals(List.of("a", "a"), serve(2));
        join("b", "", 0);
        join("c", "", 0);
        assertEquals(List.of("a", "b", "c", "a", "b", "c"), serve(6));
    }

    @Test
    void a_request_that_comes_while_another_is_served_is_next() {
        join("a", "", 0);
        join("b", "", 0);
        places.get("a").served();
        assertEquals(List.of("b"), serve(1));
    }

    @Test
    void tenants_have_equal_parts_whatever_their_number_of_requests() {
        join("x1", "x", 0);
        join("x2", "x", 0);
        join("x3", "x", 0);
        join("y", "y", 0);
        assertEquals(List.of("x1", "y", "x2", "y", "x3", "y", "x1", "y"), serve(8));
    }

    @Test
    void a_tenant_who_was_away_has_not_been_waiting() {
        join("x1", "x", 0);
        places.remove("x1").leave();
        join("y", "y", 0);
        join("x2", "x", 0);
        assertEquals(List.of("y", "x2", "y"), serve(3));
    }

    @Test
    void lower_priorities_numbers_go_first() {
        join("later", "", 1);
        join("ordinary", "", 0);
        join("urgent", "", -1);
        assertEquals(List.of("urgent", "urgent"), serve(2));
        places.remove("urgent").leave();
        assertEquals(List.of("ordinary"), serve(1));
    }

    private void join(String name, String tenant, int priority) {
        places.put(name, order.join(new RequestScope(tenant, "", priority)));
    }

    private List<String> serve(int count) {
        List<String> served = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            var next = Collections.min(places.entrySet(), Map.Entry.comparingByValue());
            next.getValue().served();
            served.add(next.getKey());
        }
        return served;
    }
}
