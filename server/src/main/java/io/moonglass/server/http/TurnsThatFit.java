package io.moonglass.server.http;

import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Leaves out a conversation's oldest turns until the rest fits. What the system says at the beginning stays, and what
/// is left begins with a user's turn, so that no tool's result is without its call.
final class TurnsThatFit {

    private TurnsThatFit() {}

    /// @return all turns if they fit; the fewest that can be left if nothing does
    static List<Message> of(List<Message> turns, Predicate<List<Message>> fits) {
        int numLeading = (int) turns.stream().takeWhile(turn -> turn.role() == Role.SYSTEM).count();
        List<Integer> starts = new ArrayList<>(List.of(numLeading));
        IntStream.range(numLeading + 1, turns.size())
                .filter(i -> turns.get(i).role() == Role.USER)
                .forEach(starts::add);
        int least = 0;
        int most = starts.size() - 1;
        while (least < most) {
            int middle = (least + most) / 2;
            if (fits.test(from(turns, numLeading, starts.get(middle)))) {
                most = middle;
            } else {
                least = middle + 1;
            }
        }
        return from(turns, numLeading, starts.get(least));
    }

    private static List<Message> from(List<Message> turns, int numLeading, int start) {
        List<Message> left = new ArrayList<>(turns.subList(0, numLeading));
        left.addAll(turns.subList(start, turns.size()));
        return left;
    }
}
