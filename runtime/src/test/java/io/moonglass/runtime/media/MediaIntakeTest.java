package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.VideoSettings;
import io.moonglass.runtime.fetch.FetchOptions;
import io.moonglass.runtime.ocr.PageRanges;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.Picture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Pictures of many requests before an encoder that the test holds up.
@Timeout(120)
class MediaIntakeTest {

    @TempDir private Path folder;

    private static final int SIDE = 28;
    private static final long PIXELS = SIDE * SIDE;
    private static final double[] HALF = {0.5, 0.5, 0.5};
    private static final long ROW_BYTES = GatedEncoder.HIDDEN_SIZE * Float.BYTES;

    private final GatedEncoder encoder = new GatedEncoder();
    private final ComputeTurns turns = new ComputeTurns(Duration.ZERO);
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private int side = SIDE;
    private MediaIntake intake;

    @BeforeEach
    void open() {
        intake = intake(1 << 20, 100 * PIXELS, 4096);
    }

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
        ImageInput large = read(Bitmaps.grey(2000, 2000, 1), "large");
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
        List<ImageInput> images = List.of(read(png, "whole"), read(gif, "damaged"));

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

        ImageInput large = read(Bitmaps.grey(5 * SIDE, SIDE, 50), "large");
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
            List<ImageRows> rows =
                    intake.encode(
                            inputs(pictures), scope, new RequestTimeline(), abandoned, _ -> {});
            for (int i = 0; i < pictures.length; i++) {
                assertEquals(shade(pictures[i]), rows.get(i).matrix().get(0, 0));
                rows.get(i).close();
            }
            return true;
        } catch (CancellationException e) {
            return false;
        }
    }

    @Test
    void a_request_that_names_many_files_takes_no_more_memory_than_there_is_for_media()
            throws Exception {
        byte[] bytes = Bitmaps.grey(SIDE, SIDE, 7);
        Path picture = Files.write(folder.resolve("picture.bmp"), bytes);
        MediaSource stored =
                new MediaSource.Stored(picture, new DigestBuilder().add(bytes).build());
        ContentPart.Media one = new ContentPart.Picture(stored, OptionalLong.empty(), "");
        ContentPart.Media asFile =
                new ContentPart.File(stored, PageRanges.all(), VideoSettings.DEFAULT, "");
        ContentPart.Media asVideo = new ContentPart.Video(stored, VideoSettings.DEFAULT, "");
        intake.close();
        intake =
                intake(
                        MediaOptions.DEFAULT.withFetch(
                                FetchOptions.DEFAULT.withMaxBytesInMemory(2L * bytes.length)),
                        4096);

        for (ContentPart.Media part : List.of(one, asFile, asVideo)) {
            assertThrows(OverloadedException.class, () -> take(part, part, part));
            take(part, part).close();
        }
    }

    @Test
    void a_frame_that_cannot_be_read_is_told_by_its_place() {
        ContentPart.Picture good = ContentPart.Picture.of(Bitmaps.grey(SIDE, SIDE, 7));
        ContentPart.Picture bad =
                ContentPart.Picture.at("data:,", OptionalLong.empty(), "video[1]");
        ContentPart.Media frames =
                new ContentPart.Frames(List.of(good, bad), VideoSettings.DEFAULT, "video");

        InvalidRequestException fault =
                assertThrows(InvalidRequestException.class, () -> take(frames));

        assertEquals("video[1]", fault.param());
    }

    @Test
    void a_list_has_no_frame_more_or_less_whatever_its_rate() {
        List<ContentPart.Picture> seven =
                Collections.nCopies(7, ContentPart.Picture.of(Bitmaps.grey(SIDE, SIDE, 7)));
        for (double fps : new double[] {0.3, 0.6, 1, 1.7, 2.4}) { // 7 / 0.3 * 0.3 is more than 7
            VideoSettings settings =
                    new VideoSettings(
                            OptionalDouble.of(fps),
                            OptionalInt.empty(),
                            OptionalInt.empty(),
                            OptionalLong.empty(),
                            false);
            try (TakenMedia taken = take(new ContentPart.Frames(seven, settings, "video"))) {
                assertEquals(7, taken.images().size(), "at " + fps);
            }
        }
    }

    @Test
    void a_folder_that_is_not_there_is_told_before_a_model_is_loaded() {
        assertThrows(
                ConfigException.class,
                () -> MediaOptions.DEFAULT.withFolder(folder.resolve("none")));
    }

    @Test
    void a_decoder_that_is_given_up_is_no_fault() {
        ImageInput whole = input(1, "picture");
        EncodedPicture givenUp =
                new EncodedPicture() {
                    @Override
                    public int width() {
                        return SIDE;
                    }

                    @Override
                    public int height() {
                        return SIDE;
                    }

                    @Override
                    public Picture decode() {
                        throw new CancellationException("nobody waits for it");
                    }
                };
        ImageInput image = new ImageInput("video", givenUp, whole.encoded(), whole.size());

        assertThrows(CancellationException.class, () -> encode(List.of(image), () -> false));
    }

    @Test
    void frames_that_keep_their_decoder_waiting_hold_up_no_picture() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        ImageInput whole = input(1, "picture");
        List<ImageInput> frames = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Digest content = new DigestBuilder().add(i).build();
            frames.add(new ImageInput("video", new SlowFrame(goOn, i), content, whole.size()));
        }
        Future<List<ImageRows>> videos = callers.submit(() -> encode(frames, () -> false));

        encoder.gate.release(1 + frames.size());
        try {
            ask(1).get().forEach(ImageRows::close);
        } finally {
            goOn.countDown();
        }
        videos.get().forEach(ImageRows::close);
    }

    /// A frame of a video of its own, that is not decoded before it may.
    private record SlowFrame(CountDownLatch goOn, int shade) implements EncodedPicture {

        @Override
        public int width() {
            return SIDE;
        }

        @Override
        public int height() {
            return SIDE;
        }

        @Override
        public Optional<Object> decoder() {
            return Optional.of(this);
        }

        @Override
        public Picture decode() {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            byte[] pixels = new byte[3 * SIDE * SIDE];
            Arrays.fill(pixels, (byte) shade);
            return new Picture(SIDE, SIDE, Picture.Mode.RGB, pixels);
        }
    }

    private TakenMedia take(ContentPart.Media... parts) {
        return intake.take(
                Arrays.stream(parts).map(part -> new PlacedMedia(part, "where")).toList(),
                new RequestTimeline(),
                () -> false);
    }

    private MediaIntake intake(long cacheBytes, long maxPixelsInWork, int inTokenLimit) {
        return intake(
                MediaOptions.DEFAULT
                        .withCacheBytes(cacheBytes)
                        .withMaxPixelsInWork(maxPixelsInWork),
                inTokenLimit);
    }

    private MediaIntake intake(MediaOptions options, int inTokenLimit) {
        return new MediaIntake(
                options,
                2,
                folder,
                1_000,
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
        return callers.submit(
                () -> intake.encode(images, scope, new RequestTimeline(), abandoned, _ -> {}));
    }

    private List<ImageRows> encode(List<ImageInput> images, BooleanSupplier abandoned) {
        return intake.encode(
                images, RequestScope.DEFAULT, new RequestTimeline(), abandoned, _ -> {});
    }

    private List<ImageInput> inputs(int... pictures) {
        return IntStream.range(0, pictures.length)
                .mapToObj(i -> input(pictures[i], "picture " + i))
                .toList();
    }

    private ImageInput read(byte[] bytes, String where) {
        try (TakenMedia taken =
                intake.take(
                        List.of(new PlacedMedia(ContentPart.Picture.of(bytes), where)),
                        new RequestTimeline(),
                        () -> false)) {
            return taken.images().getFirst();
        }
    }

    private ImageInput input(int picture, String where) {
        return read(Bitmaps.grey(side, side, picture), where);
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
