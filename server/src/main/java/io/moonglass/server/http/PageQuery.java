package io.moonglass.server.http;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Which part of a list a request asks for: the parameters `limit`, `order` and `after` of its query.
///
/// @param after the id behind which the part begins; empty for the list's beginning
record PageQuery(int limit, boolean isDescending, Optional<String> after) {

    /// One part of a list.
    ///
    /// @param hasMore whether the list goes on behind it
    record Page<T>(List<T> items, boolean hasMore) {}

    /// @param absent the limit where the request names none
    /// @throws InvalidRequestException that names the parameter at fault
    static PageQuery of(Exchange exchange, int absent, int maxLimit) {
        String order = exchange.query("order").orElse("desc");
        if (!order.equals("desc") && !order.equals("asc")) {
            throw InvalidRequestException.invalidValue("order", "order: want asc or desc");
        }
        String limit = exchange.query("limit").orElse(String.valueOf(absent));
        boolean isGood =
                limit.matches("[0-9]{1,9}")
                        && Integer.parseInt(limit) >= 1
                        && Integer.parseInt(limit) <= maxLimit;
        if (!isGood) {
            throw InvalidRequestException.invalidValue(
                    "limit", "limit: want a number from 1 to %d".formatted(maxLimit));
        }
        return new PageQuery(
                Integer.parseInt(limit), order.equals("desc"), exchange.query("after"));
    }

    /// @param newestFirst the whole list
    /// @throws InvalidRequestException if nothing in it has the id that the part begins after
    <T> Page<T> of(List<T> newestFirst, Function<T, String> id) {
        List<T> ordered = isDescending ? newestFirst : newestFirst.reversed();
        int first = after.map(wanted -> indexOf(wanted, ordered, id) + 1).orElse(0);
        int end = (int) Math.min(ordered.size(), (long) first + limit);
        return new Page<>(List.copyOf(ordered.subList(first, end)), end < ordered.size());
    }

    private static <T> int indexOf(String wanted, List<T> items, Function<T, String> id) {
        for (int i = 0; i < items.size(); i++) {
            if (wanted.equals(id.apply(items.get(i)))) {
                return i;
            }
        }
        throw InvalidRequestException.invalidValue(
                "after", "after: nothing in the list has this id; want one that it has");
    }
}
