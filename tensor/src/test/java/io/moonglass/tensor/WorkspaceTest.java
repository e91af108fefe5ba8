package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WorkspaceTest {

    @Test
    void what_a_frame_took_is_given_back_when_it_closes() {
        try (Workspace workspace = new Workspace()) {
            long address;
            try (Workspace.Frame frame = workspace.frame()) {
                address = frame.matrix(10, 10).data().address();
            }
            try (Workspace.Frame frame = workspace.frame()) {
                assertEquals(address, frame.matrix(3, 3).data().address());
            }
        }
    }

    @Test
    void matrices_of_nested_frames_do_not_share_memory() {
        try (Workspace workspace = new Workspace();
                Workspace.Frame outer = workspace.frame()) {
            FloatMatrix first = outer.zeros(1, 1);
            try (Workspace.Frame inner = workspace.frame()) {
                inner.matrix(1, 1).set(0, 0, 5);
                inner.matrix(4_000, 1_000).set(3_999, 999, 7); // larger than a slab
                assertNotEquals(first.data().address(), inner.matrix(1, 1).data().address());
            }
            assertEquals(0, first.get(0, 0));
        }
    }

    @Test
    void a_step_as_large_as_an_earlier_one_takes_no_more_from_the_system() {
        try (Workspace workspace = new Workspace()) {
            takeSome(workspace);
            long reserved = workspace.reservedBytes();
            takeSome(workspace);
            assertEquals(reserved, workspace.reservedBytes());
        }
    }

    @Test
    void steps_that_grow_little_by_little_take_no_more_than_the_largest_needs() {
        try (Workspace workspace = new Workspace()) {
            for (int numRows = 2_200; numRows <= 2_400; numRows += 10) {
                try (Workspace.Frame frame = workspace.frame()) {
                    frame.matrix(numRows, 1_000);
                    frame.matrix(numRows, 1_000);
                }
            }
            long largest = 2 * 2_400 * 1_000 * Float.BYTES;
            assertTrue(
                    workspace.reservedBytes() <= 2 * largest,
                    () -> workspace.reservedBytes() + " bytes for steps of " + largest);
        }
    }

    private static void takeSome(Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            for (int i = 0; i < 5; i++) {
                frame.matrix(1_000, 1_000);
            }
        }
    }
}
