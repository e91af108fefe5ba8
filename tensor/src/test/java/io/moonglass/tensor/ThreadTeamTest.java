package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class ThreadTeamTest {

    @Test
    void every_piece_runs_exactly_once_in_every_round() {
        try (ThreadTeam team = new ThreadTeam(3)) {
            for (int round = 0; round < 2_000; round++) {
                int numPieces = round % 17;
                AtomicIntegerArray runs = new AtomicIntegerArray(17);
                team.run(
                        numPieces,
                        (piece, member) -> {
                            assertTrue(member >= 0 && member < team.size());
                            runs.incrementAndGet(piece);
                        });
                for (int piece = 0; piece < 17; piece++) {
                    assertEquals(piece < numPieces ? 1 : 0, runs.get(piece));
                }
            }
        }
    }

    @Test
    void a_team_that_was_never_used_ends_in_silence() throws InterruptedException {
        var before = Thread.getDefaultUncaughtExceptionHandler();
        Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
        Thread.setDefaultUncaughtExceptionHandler((_, fault) -> uncaught.add(fault));
        try {
            ThreadTeam team = new ThreadTeam(3);
            List<Thread> helpers =
                    Thread.getAllStackTraces().keySet().stream()
                            .filter(thread -> thread.getName().startsWith("moonglass-worker-"))
                            .toList();
            team.close();
            for (Thread helper : helpers) {
                helper.join(10_000);
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertEquals(List.of(), List.copyOf(uncaught));
    }

    @Test
    void a_fault_in_a_piece_reaches_the_caller_and_the_team_works_on() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            team.run(
                                    8,
                                    (piece, _) -> {
                                        if (piece == 5) {
                                            throw new IllegalStateException("piece 5");
                                        }
                                    }));
            AtomicIntegerArray runs = new AtomicIntegerArray(8);
            team.run(8, (piece, _) -> runs.incrementAndGet(piece));
            for (int piece = 0; piece < 8; piece++) {
                assertEquals(1, runs.get(piece));
            }
        }
    }
}
