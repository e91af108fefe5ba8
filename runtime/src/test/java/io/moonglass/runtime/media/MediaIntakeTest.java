package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.tensor.ComputeTurns;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Pictures of many requests before an encoder that the test holds up.
@Timeout(120)
class MediaIntakeTest {

    private static final int SIDE = 28;
    private static final long PIXELS = SIDE * SIDE;
    private static final double[] HALF = {0.5, 0.5, 0.5};
    private static final long ROW_BYTES = GatedEncoder.HIDDEN_SIZE * Float.BYTES;

    private final GatedEncoder encoder = new GatedEncoder();
    private final ComputeTurns turns = new ComputeTurns(Duration.ZERO);
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private int side = SIDE;
    private MediaIntake intake = intake(1 << 20, 100 * PIXELS, 4096);

    @AfterEach
    void close() {
        intake.close();
        callers.close();
    }

    @Test
    void a_picture_that_several_wait_for_is_encoded_once() throws Exception {
        List<Future<List<ImageRows>>> waiting = new ArrayList<>();
        waiting.add(ask(1));
        encoder.begun.acquire();
        waiting.add(ask(1));
        waiting.add(ask(1));
        await(() -> intake.statistics().cacheHits() == 2);

        encoder.gate.release();

        for (Future<List<ImageRows>> rows : waiting) {
            ImageRows only = rows.get().getFirst();
            assertEquals(shade(1), only.matrix().get(0, 0));
            only.close();
        }
        MediaStatistics statistics = intake.statistics();
        assertEquals(1, statistics.encodedPictures());
        assertEquals(PIXELS, statistics.encodedPixels());
        assertEquals(3, statistics.cacheQueries());
        assertTrue(statistics.pixelsPerSecond() > 0);
    }

    @Test
    void pictures_keep_their_order_and_may_repeat() throws Exception {
        encoder.gate.release(3);
        List<ImageRows> rows = ask(3, 1, 3, 2, 1).get();

        assertEquals(
                List.of(shade(3), shade(1), shade(3), shade(2), shade(1)),
                rows.stream().map(row -> row.matrix().get(0, 0)).toList());
        assertEquals(rows.get(0).content(), rows.get(2).content());
        assertNotEquals(rows.get(0).content(), rows.get(1).content());
        assertEquals(3, intake.statistics().encodedPictures());
        rows.forEach(ImageRows::close);
    }

    @Test
    void a_picture_that_came_before_is_not_even_decoded() throws Exception {
        restart(1 << 20, 1, 4096); // one picture at a time
        encoder.gate.release();
        close(ask(1));
        Future<List<ImageRows>> other = ask(2);
        encoder.begun.acquire(2);
        AtomicBoolean queued = new AtomicBoolean();
        BooleanSupplier stays =
                () -> {
                    queued.set(true); // it is asked when its pictures are in the queue
                    return false;
                };
        Future<List<ImageRows>> waiting = ask(RequestScope.DEFAULT, stays, 3);
        await(queued::get);

        close(ask(1)); // though there is no room for its pixels, and others wait for some

        assertEquals(List.of(shade(1), shade(2)), encoder.order);
        encoder.gate.release(2);
        close(other);
        close(waiting);
    }

    @Test
    void pictures_of_another_tenant_or_salt_are_not_shared() throws Exception {
        encoder.gate.release(3);
        close(ask(new RequestScope("a", "", 0), () -> false, 1));
        close(ask(new RequestScope("b", "", 0), () -> false, 1));
        close(ask(new RequestScope("a", "salt", 0), () -> false, 1));

        assertEquals(3, intake.statistics().encodedPictures());
        assertEquals(0, intake.statistics().cacheHits());
    }

    @Test
    void who_leaves_stops_nothing_that_others_wait_for() throws Exception {
        AtomicBoolean gone = new AtomicBoolean();
        Future<List<ImageRows>> first = ask(RequestScope.DEFAULT, gone::get, 1);
        encoder.begun.acquire();
        Future<List<ImageRows>> second = ask(1);
        await(() -> intake.statistics().cacheHits() == 1);

        gone.set(true);
        assertCancelled(first);
        encoder.gate.release();

        close(second);
        assertEquals(0, encoder.numStopped.get());
        assertEquals(1, intake.statistics().cancelledEncoding());
    }

    @Test
    void a_picture_that_nobody_waits_for_is_stopped_and_forgotten() throws Exception {
        AtomicBoolean gone = new AtomicBoolean();
        Future<List<ImageRows>> first = ask(RequestScope.DEFAULT, gone::get, 1);
        encoder.begun.acquire();
        Future<List<ImageRows>> second = ask(RequestScope.DEFAULT, gone::get, 1, 2);
        await(() -> intake.statistics().cacheQueries() == 3);

        gone.set(true);
        assertCancelled(first);
        assertCancelled(second);

        await(() -> intake.pixelsInWork() == 0);
        assertEquals(1, encoder.numStopped.get());
        assertEquals(3, intake.statistics().cancelledEncoding());
        assertEquals(0, intake.statistics().cacheBytes());
        encoder.gate.release();
        close(ask(1));
        assertEquals(List.of(shade(1), shade(1)), encoder.order);
    }

    @Test
    void who_leaves_before_its_pictures_are_decoded_costs_nothing() throws Exception {
        restart(1 << 20, 1, 4096);
        Future<List<ImageRows>> other = ask(1);
        encoder.begun.acquire();
        AtomicBoolean gone = new AtomicBoolean();
        Future<List<ImageRows>> waiting = ask(RequestScope.DEFAULT, gone::get, 2, 3);

        gone.set(true);
        assertCancelled(waiting);

        assertEquals(2, intake.statistics().cancelledDecoding());
        encoder.gate.release();
        close(other);
        assertEquals(List.of(shade(1)), encoder.order);
        await(() -> intake.pixelsInWork() == 0);
    }

    @Test
    void who_leaves_while_its_picture_is_fitted_gives_its_room_back() throws Exception {
        restart(1 << 20, 1, (int) PIXELS / (14 * 14));
        ImageInput large = intake.read(Bitmaps.grey(2000, 2000, 1), OptionalLong.empty(), "large");
        BooleanSupplier goneOnceDecoded =
                () -> {
                    while (intake.statistics().cacheQueries() == 0) {
                        Thread.onSpinWait();
                    }
                    return true;
                };

        assertThrows(CancellationException.class, () -> encode(List.of(large), goneOnceDecoded));

        await(() -> intake.pixelsInWork() == 0);
        assertEquals(1, intake.statistics().cancelledEncoding());
        assertEquals(List.of(), encoder.order);
    }

    @Test
    void all_who_wait_for_a_picture_that_fails_are_told_and_it_is_forgotten() throws Exception {
        encoder.fault = InvalidRequestException.invalidValue(null, "no such colours");
        Future<List<ImageRows>> first = ask(1);
        encoder.begun.acquire();
        Future<List<ImageRows>> second =
                callers.submit(() -> encode(List.of(input(1, "there")), () -> false));
        await(() -> intake.statistics().cacheHits() == 1);

        encoder.gate.release();

        assertEquals("picture 0: no such colours", refusal(first).getMessage());
        assertEquals("there: no such colours", refusal(second).getMessage());
        assertEquals("there", refusal(second).param());
        await(() -> intake.pixelsInWork() == 0);
        assertEquals(0, intake.statistics().cacheBytes());
        encoder.fault = null;
        encoder.gate.release();
        close(ask(1));
    }

    @Test
    void a_fault_of_the_encoder_is_ours_and_harms_no_later_picture() throws Exception {
        encoder.fault = new ArithmeticException("of ours");
        encoder.gate.release();
        Throwable fault = assertThrows(ExecutionException.class, ask(1)::get).getCause();
        assertInstanceOf(IllegalStateException.class, fault);
        assertInstanceOf(ArithmeticException.class, fault.getCause());

        encoder.fault = null;
        encoder.gate.release();
        close(ask(1));
    }

    @Test
    void a_damaged_picture_ends_its_request_and_no_other() throws Exception {
        byte[] png = Bitmaps.grey(SIDE, SIDE, 9);
        byte[] gif = gifWithoutPixels();
        Future<List<ImageRows>> other = ask(1);
        encoder.begun.acquire();
        List<ImageInput> images =
                List.of(
                        intake.read(png, OptionalLong.empty(), "whole"),
                        intake.read(gif, OptionalLong.empty(), "damaged"));

        InvalidRequestException refused =
                refusal(callers.submit(() -> encode(images, () -> false)));

        assertEquals("damaged", refused.param());
        encoder.gate.release();
        close(other);
        await(() -> intake.pixelsInWork() == 0);
        assertEquals(List.of(shade(1)), encoder.order);
        assertEquals(0, intake.statistics().cancelledEncoding());
    }

    @Test
    void many_pictures_of_one_request_hold_up_anothers_only_once() throws Exception {
        shrinkPictures();
        Future<List<ImageRows>> many = ask(1, 2, 3, 4, 5, 6);
        encoder.begun.acquire();
        await(() -> intake.pixelsInWork() == 6 * PIXELS);
        Future<List<ImageRows>> one = ask(7);
        await(() -> intake.pixelsInWork() == 7 * PIXELS);

        encoder.gate.release(7);

        close(many);
        close(one);
        assertEquals(7, encoder.order.size());
        assertEquals(shade(7), encoder.order.get(1));
    }

    @Test
    void urgent_pictures_go_first() throws Exception {
        shrinkPictures();
        Future<List<ImageRows>> begun = ask(1);
        encoder.begun.acquire();
        Future<List<ImageRows>> ordinary = ask(2, 3);
        await(() -> intake.pixelsInWork() == 3 * PIXELS);
        Future<List<ImageRows>> urgent = ask(new RequestScope("", "", -1), () -> false, 4, 5);
        await(() -> intake.pixelsInWork() == 5 * PIXELS);

        encoder.gate.release(5);

        close(begun);
        close(ordinary);
        close(urgent);
        assertEquals(
                List.of(shade(4), shade(5)),
                encoder.order.subList(1, 3).stream().sorted().toList());
    }

    @Test
    void pictures_in_work_are_bounded_by_their_pixels_and_a_larger_one_passes_alone()
            throws Exception {
        restart(1 << 20, 4 * PIXELS, 4096);
        AtomicInteger most = new AtomicInteger();
        encoder.atBegin = () -> most.accumulateAndGet((int) intake.pixelsInWork(), Math::max);
        Future<List<ImageRows>> first = ask(IntStream.range(1, 20).toArray());
        encoder.begun.acquire();
        await(() -> intake.pixelsInWork() == 2 * PIXELS); // half of it, for one request
        Future<List<ImageRows>> second = ask(IntStream.range(20, 40).toArray());
        await(() -> intake.pixelsInWork() == 4 * PIXELS);
        encoder.gate.release(1000);
        close(first);
        close(second);
        assertEquals(4 * PIXELS, most.get());

        ImageInput large =
                intake.read(Bitmaps.grey(5 * SIDE, SIDE, 50), OptionalLong.empty(), "large");
        for (ImageRows rows : encode(List.of(large), () -> false)) {
            assertEquals(5, rows.matrix().numRows());
            rows.close();
        }
    }

    @Test
    void rows_outlive_a_cache_that_is_too_small_for_them() throws Exception {
        restart(ROW_BYTES, 100 * PIXELS, 4096);
        encoder.gate.release(3);
        List<ImageRows> rows = ask(1, 2, 3).get();
        assertEquals(3 * ROW_BYTES, intake.statistics().cacheBytes());

        rows.get(0).close();
        rows.get(1).close();
        assertEquals(shade(3), rows.get(2).matrix().get(0, 2));
        rows.get(2).close();

        assertEquals(ROW_BYTES, intake.statistics().cacheBytes());
    }

    @Test
    void a_closing_intake_ends_what_waits_and_closes_its_encoder() throws Exception {
        Future<List<ImageRows>> encoding = ask(1);
        encoder.begun.acquire();
        Future<List<ImageRows>> waiting = ask(2);
        await(() -> intake.pixelsInWork() == 2 * PIXELS);

        intake.close();
        intake.close();

        assertCancelled(encoding);
        assertCancelled(waiting);
        assertTrue(encoder.closed);
        assertEquals(0, intake.pixelsInWork());
        assertInstanceOf(
                IllegalStateException.class,
                assertThrows(ExecutionException.class, ask(3)::get).getCause());
    }

    @Test
    void requests_that_leave_at_any_moment_leave_nothing_behind() throws Exception {
        restart(5 * ROW_BYTES, 6 * PIXELS, 4096);
        Random random = new Random(7);
        List<Future<Boolean>> answers = new ArrayList<>();
        for (int request = 0; request < 1000; request++) {
            int patience = random.nextInt(6);
            AtomicInteger asked = new AtomicInteger();
            int[] pictures = random.ints(1 + random.nextInt(4), 0, 30).toArray();
            BooleanSupplier abandoned =
                    random.nextBoolean() ? () -> asked.getAndIncrement() >= patience : () -> false;
            RequestScope scope = new RequestScope("tenant " + random.nextInt(3), "", 0);
            answers.add(callers.submit(() -> endsWell(scope, abandoned, pictures)));
        }
        encoder.gate.release(100_000);

        int numWhole = 0;
        for (Future<Boolean> answer : answers) {
            numWhole += answer.get() ? 1 : 0;
        }

        assertTrue(numWhole >= 400, () -> "too few stayed");
        await(() -> intake.pixelsInWork() == 0);
        assertTrue(intake.statistics().cacheBytes() <= 5 * ROW_BYTES);
        intake.close();
        assertEquals(0, intake.statistics().cacheBytes());
    }

    /// @return false if the request was abandoned
    private boolean endsWell(RequestScope scope, BooleanSupplier abandoned, int... pictures) {
        try {
            List<ImageRows> rows = intake.encode(inputs(pictures), scope, abandoned, _ -> {});
            for (int i = 0; i < pictures.length; i++) {
                assertEquals(shade(pictures[i]), rows.get(i).matrix().get(0, 0));
                rows.get(i).close();
            }
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }

    private MediaIntake intake(long cacheBytes, long maxPixelsInWork, int inTokenLimit) {
        return new MediaIntake(
                MediaOptions.DEFAULT
                        .withCacheBytes(cacheBytes)
                        .withMaxPixelsInWork(maxPixelsInWork),
                2,
                new PreprocessorConfig(14, inTokenLimit, true, HALF, HALF, 2),
                new DigestBuilder().build(),
                encoder,
                turns);
    }

    private void restart(long cacheBytes, long maxPixelsInWork, int inTokenLimit) {
        intake.close();
        intake = intake(cacheBytes, maxPixelsInWork, inTokenLimit);
    }

    /// From now on a picture has only [#PIXELS] in work when it is ready to be encoded, and more before.
    private void shrinkPictures() {
        restart(1 << 20, 100 * PIXELS, (int) PIXELS / (14 * 14));
        side = 2 * SIDE;
    }

    private Future<List<ImageRows>> ask(int... pictures) {
        return ask(RequestScope.DEFAULT, () -> false, pictures);
    }

    private Future<List<ImageRows>> ask(
            RequestScope scope, BooleanSupplier abandoned, int... pictures) {
        List<ImageInput> images = inputs(pictures);
        return callers.submit(() -> intake.encode(images, scope, abandoned, _ -> {}));
    }

    private List<ImageRows> encode(List<ImageInput> images, BooleanSupplier abandoned) {
        return intake.encode(images, RequestScope.DEFAULT, abandoned, _ -> {});
    }

    private List<ImageInput> inputs(int... pictures) {
        return IntStream.range(0, pictures.length)
                .mapToObj(i -> input(pictures[i], "picture " + i))
                .toList();
    }

    private ImageInput input(int picture, String where) {
        return intake.read(Bitmaps.grey(side, side, picture), OptionalLong.empty(), where);
    }

    /// The first number of a picture's patches.
    private static float shade(int picture) {
        return (picture / 255f - 0.5f) / 0.5f;
    }

    private static byte[] gifWithoutPixels() {
        byte[] gif =
                Arrays.copyOf("GIF89a".getBytes(StandardCharsets.US_ASCII), 6 + 7 + 10 + 1 + 1 + 1);
        gif[6] = 28;
        gif[8] = 28;
        gif[13] = 0x2c;
        gif[18] = 28;
        gif[20] = 28;
        gif[23] = 2; // bits of a code, then no block of codes
        gif[25] = 0x3b;
        return gif;
    }

    private static void close(Future<List<ImageRows>> rows) throws Exception {
        rows.get().forEach(ImageRows::close);
    }

    private static void assertCancelled(Future<?> future) {
        assertInstanceOf(
                CancellationException.class,
                assertThrows(ExecutionException.class, future::get).getCause());
    }

    private static InvalidRequestException refusal(Future<?> future) {
        return assertInstanceOf(
                InvalidRequestException.class,
                assertThrows(ExecutionException.class, future::get).getCause());
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
