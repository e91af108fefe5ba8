package io.moonglass.runtime.grammar;

import java.util.Arrays;

/// Numbers in a growing array.
final class IntList {

    private int[] values = new int[16];
    private int size;

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    int get(int index) {
        return values[index];
    }

    int size() {
        return size;
    }

    int removeLast() {
        return values[--size];
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// Whether these are the numbers, in this order.
    boolean holds(int[] numbers) {
        return Arrays.equals(values, 0, size, numbers, 0, numbers.length);
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
