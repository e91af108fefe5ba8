package io.moonglass.engine;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// An engine over the tiny test model.
final class TinyEngine implements AutoCloseable {

    static final int VOCAB_SIZE = 1024;
    static final int HIDDEN_SIZE = 64;
    static final int IMAGE_TOKEN_ID = 789;

    /// Steps hold as little as they may, and a pass is interrupted after each layer.
    static final Duration HURRIED = Duration.ofNanos(1);

    /// Enough of everything.
    static final EngineOptions LARGE = new EngineOptions(4096, 200, 512, 32);

    private final Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom());
    private final ThreadTeam team;
    private final Engine engine;

    TinyEngine(EngineOptions options) {
        this(options, 1, DecoderObserver.NONE);
    }

    TinyEngine(EngineOptions options, int teamSize, DecoderObserver observer) {
        this(options, teamSize, observer, new Speculation());
    }

    TinyEngine(
            EngineOptions options,
            int teamSize,
            DecoderObserver observer,
            Speculation speculation) {
        team = new ThreadTeam(teamSize);
        // How long steps take must not decide how they are cut, or tests would differ by the hour.
        EngineOptions patient =
                options.stepTime().equals(HURRIED)
                        ? options
                        : options.withStepTime(Duration.ofDays(1));
        engine = new Engine(DecoderWeights.from(checkpoint), patient, team, observer, speculation);
    }

    /// Tries every guess, however long it takes.
    static TinyEngine guessing(EngineOptions options) {
        Speculation always =
                new Speculation() {
                    @Override
                    int[] lengths(int numRows, List<Candidate> candidates, boolean withPrompt) {
                        return candidates.stream().mapToInt(Candidate::length).toArray();
                    }
                };
        return new TinyEngine(options, 1, DecoderObserver.NONE, always);
    }

    Engine engine() {
        return engine;
    }

    /// Submits requests that are all there before the first of them is begun.
    void submitTogether(List<GenerationRequest> requests) {
        CountDownLatch allThere = new CountDownLatch(1);
        RecordingSink holding =
                new RecordingSink(_ -> {
                    try {
                        return allThere.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        submit(new int[] {1}, 1, holding);
        requests.forEach(engine::submit);
        allThere.countDown();
    }

    Engine.Ticket submit(int[] prompt, int maxTokens, TokenSink sink) {
        return engine.submit(request(prompt, maxTokens, sink));
    }

    /// Runs one generation and returns its tokens.
    List<Integer> generate(int[] prompt, int maxTokens) {
        RecordingSink sink = new RecordingSink();
        submit(prompt, maxTokens, sink);
        sink.reason();
        return sink.tokenIds();
    }

    static GenerationRequest request(int[] prompt, int maxTokens, TokenSink sink) {
        return request(prompt, maxTokens, Set.of(), sink);
    }

    static GenerationRequest request(
            int[] prompt, int maxTokens, Set<Integer> stopTokenIds, TokenSink sink) {
        return new GenerationRequest(
                prompt,
                IMAGE_TOKEN_ID,
                Optional.empty(),
                SamplingParameters.GREEDY,
                maxTokens,
                stopTokenIds,
                sink);
    }

    /// A request whose tokens are drawn.
    static GenerationRequest drawn(
            int[] prompt, int maxTokens, double temperature, TokenSink sink) {
        return new GenerationRequest(
                prompt,
                IMAGE_TOKEN_ID,
                Optional.empty(),
                SamplingParameters.GREEDY.withTemperature(temperature).withSeed(5),
                maxTokens,
                Set.of(),
                sink);
    }

    static int[] randomPrompt(int length, long seed) {
        return new Random(seed).ints(length, 0, 768).toArray();
    }

    /// Rows of a picture that nobody drew.
    static FloatMatrix randomRows(int numRows, long seed) {
        Random random = new Random(seed);
        FloatMatrix rows = FloatMatrix.allocate(Arena.ofAuto(), numRows, HIDDEN_SIZE);
        for (int i = 0; i < numRows * HIDDEN_SIZE; i++) {
            rows.set(i / HIDDEN_SIZE, i % HIDDEN_SIZE, (float) random.nextGaussian());
        }
        return rows;
    }

    /// A recorded tensor of whole numbers: `input_ids`, `new_ids`.
    static int[] goldenIds(String prompt, String tensor) {
        try (Arena arena = Arena.ofConfined()) {
            return Arrays.stream(golden(prompt, arena).tensor(tensor).integers())
                    .mapToInt(Math::toIntExact)
                    .toArray();
        }
    }

    /// The recorded image rows of a prompt.
    static FloatMatrix goldenImageRows(String prompt) {
        try (Arena arena = Arena.ofConfined()) {
            float[] rows = golden(prompt, arena).tensor("projector").floats();
            return FloatMatrix.of(Arena.ofAuto(), HIDDEN_SIZE, rows);
        }
    }

    @Override
    public void close() {
        engine.close();
        team.close();
        checkpoint.close();
    }

    private static SafetensorsFile golden(String prompt, Arena arena) {
        return SafetensorsFile.map(
                TestModels.golden().resolve("prompt_%s.safetensors".formatted(prompt)), arena);
    }
}
