package io.moonglass.runtime.grammar;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/// Two expressions without recursion held against each other: what meets both, or the first alone.
final class Products {

    private record Pair(State first, State second) {}

    private final Compilation compilation;
    private final Automaton first;
    private final Automaton second;
    private final boolean difference;
    private final FiniteAutomaton product = new FiniteAutomaton();
    private final Map<Pair, Integer> known = new HashMap<>();
    private final Queue<Pair> waiting = new ArrayDeque<>();

    private Products(
            Compilation compilation, Expression first, Expression second, boolean difference) {
        this.compilation = compilation;
        this.first = Automaton.of(compilation, first);
        this.second = Automaton.of(compilation, second);
        this.difference = difference;
    }

    /// What meets both; it may be nothing.
    static FiniteAutomaton intersection(Compilation compilation, Expression one, Expression other) {
        return new Products(compilation, one, other, false).explore();
    }

    /// What meets the first and not the second; it may be nothing.
    static FiniteAutomaton difference(Compilation compilation, Expression one, Expression without) {
        return new Products(compilation, one, without, true).explore();
    }

    private FiniteAutomaton explore() {
        number(new Pair(first.start(), second.start()));
        while (!waiting.isEmpty()) {
            compilation.checkTime();
            Pair pair = waiting.remove();
            int from = known.get(pair);
            for (int low = 0; low < 256; ) {
                int high = low;
                while (high < 255 && isAlike(low, high + 1)) {
                    high++;
                }
                State left = first.nextByte(pair.first, low);
                State right = second.nextByte(pair.second, low);
                if (!left.isDead() && (difference || !right.isDead())) {
                    product.addEdge(from, low, high, number(new Pair(left, right)));
                }
                low = high + 1;
            }
        }
        return product;
    }

    private boolean isAlike(int value, int other) {
        return first.byteClass(value) == first.byteClass(other)
                && second.byteClass(value) == second.byteClass(other);
    }

    private int number(Pair pair) {
        Integer number = known.get(pair);
        if (number == null) {
            number = product.addState(pair.first.accepting && pair.second.accepting != difference);
            known.put(pair, number);
            waiting.add(pair);
            if (product.numStates() > compilation.limits().maxPositions()) {
                throw compilation.refused(
                        "conditions on one text make more than %,d states together; send fewer or simpler ones"
                                .formatted(compilation.limits().maxPositions()));
            }
        }
        return number;
    }
}
