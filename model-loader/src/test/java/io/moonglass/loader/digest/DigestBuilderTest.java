package io.moonglass.loader.digest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class DigestBuilderTest {

    @Test
    void the_same_values_have_the_same_digest_whoever_adds_them() {
        byte[] bytes = {1, 2, 3, 4, 5};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(5);
            segment.copyFrom(MemorySegment.ofArray(bytes));

            assertEquals(
                    new DigestBuilder().add(7).add(9L).add(segment).build(),
                    new DigestBuilder().add(7).add(9L).add(segment).build());
        }
        assertEquals(
                new DigestBuilder().add(bytes).build(), new DigestBuilder().add(bytes).build());
    }

    @Test
    void it_is_sha_256_of_the_values_bytes() {
        Digest digest = new DigestBuilder().add(0x61626364).build(); // "abcd"

        assertEquals(
                new Digest(
                        0x88d4266fd4e6338dL,
                        0x13b845fcf289579dL,
                        0x209c897823b9217dL,
                        0xa3e161936f031589L),
                digest);
    }

    @Test
    void where_one_value_ends_and_the_next_begins_counts() {
        assertNotEquals(
                new DigestBuilder().add("ab").add("c").build(),
                new DigestBuilder().add("a").add("bc").build());
        assertNotEquals(
                new DigestBuilder().add(new byte[] {1}).add(new byte[] {}).build(),
                new DigestBuilder().add(new byte[] {}).add(new byte[] {1}).build());
    }

    @Test
    void more_values_than_the_buffer_holds_all_count() {
        DigestBuilder one = new DigestBuilder();
        DigestBuilder other = new DigestBuilder();
        for (int i = 0; i < 5000; i++) {
            one.add(i);
            other.add(i == 0 ? 1 : i);
        }
        assertNotEquals(one.build(), other.build());
    }

    @Test
    void a_builder_can_be_used_again() {
        DigestBuilder builder = new DigestBuilder();
        Digest first = builder.add("x").build();

        assertEquals(first, builder.add("x").build());
    }
}
