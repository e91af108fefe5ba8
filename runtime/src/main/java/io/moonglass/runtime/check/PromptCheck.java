package io.moonglass.runtime.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.CacheType;
import io.moonglass.engine.DecoderWeights;
import io.moonglass.engine.Engine;
import io.moonglass.engine.EngineOptions;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.GenerationRequest;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.template.RenderedPrompt;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// Runs recorded prompts through template, vision and decoder and compares every value on the way.
final class PromptCheck {

    private static final int LAST_ROWS = 8;

    /// More than the recorded prompts need.
    private static final long CACHE_BYTES = 1L << 30;

    private final CheckReport report;
    private final PromptRenderer prompts;
    private final Optional<PictureCheck> pictures;
    private final ModelConfig config;
    private final DecoderWeights weights;
    private final ThreadTeam team;
    private final Arena arena;

    PromptCheck(
            CheckReport report,
            PromptRenderer prompts,
            Optional<PictureCheck> pictures,
            ModelConfig config,
            DecoderWeights weights,
            ThreadTeam team,
            Arena arena) {
        this.report = report;
        this.prompts = prompts;
        this.pictures = pictures;
        this.config = config;
        this.weights = weights;
        this.team = team;
        this.arena = arena;
    }

    /// One entry of prompts.json and, where it is there, its file of tensors.
    void prompt(String name, JsonNode recorded, Optional<SafetensorsFile> tensors) {
        String group = "prompt_" + name + "/";
        List<String> images = new ArrayList<>();
        recorded.path("images").forEach(image -> images.add(image.asText()));
        if (!images.isEmpty() && pictures.isEmpty()) {
            report.impossible(group + "images", "the model has no vision part");
            return;
        }
        List<String> missing =
                images.stream().filter(image -> !pictures.orElseThrow().has(image)).toList();
        if (!missing.isEmpty()) {
            report.impossible(group + "images", "not in images/: " + String.join(", ", missing));
            return;
        }
        int[] tokensPerImage =
                images.stream()
                        .mapToInt(image -> pictures.orElseThrow().patches(image).numTokens())
                        .toArray();
        RenderedPrompt prompt =
                prompts.render(
                        GoldenFolder.messages(required(recorded, group, "messages")),
                        true,
                        tokensPerImage);
        report.equal(
                group + "rendered", required(recorded, group, "rendered").asText(), prompt.text());
        report.equal(
                group + "expanded",
                required(recorded, group, "expanded").asText(),
                prompt.expanded());
        report.integers(
                group + "input_ids",
                GoldenFolder.integers(required(recorded, group, "input_ids")),
                TextCheck.longs(prompt.tokenIds()));

        Optional<FloatMatrix> imageRows = imageRows(images);
        long[] newIds = GoldenFolder.integers(required(recorded, group, "new_ids"));
        PromptRecorder recorder =
                new PromptRecorder(prompt.tokenIds().length, config.text().kvLoraRank());
        int[] generated = generate(prompt.tokenIds(), imageRows, newIds.length, recorder);
        report.integers(group + "new_ids", newIds, TextCheck.longs(generated));
        if (recorded.has("new_text")) {
            report.equal(
                    group + "new_text",
                    recorded.get("new_text").asText(),
                    prompts.tokenizer().decode(generated, false));
        }
        tensors.ifPresent(file -> {
            for (StoredTensor tensor : file.tensors().values()) {
                compare(group, tensor, prompt, images, imageRows, generated, recorder);
            }
        });
    }

    private static JsonNode required(JsonNode recorded, String group, String key) {
        if (!recorded.hasNonNull(key)) {
            throw new ConfigException(
                    "prompts.json: %s%s is missing; every prompt has it".formatted(group, key));
        }
        return recorded.get(key);
    }

    private void compare(
            String group,
            StoredTensor tensor,
            RenderedPrompt prompt,
            List<String> images,
            Optional<FloatMatrix> imageRows,
            int[] generated,
            PromptRecorder recorder) {
        String name = tensor.name();
        switch (name) {
            case "input_ids" ->
                    report.integers(
                            group + name, tensor.integers(), TextCheck.longs(prompt.tokenIds()));
            case "new_ids" ->
                    report.integers(group + name, tensor.integers(), TextCheck.longs(generated));
            case "image_grid_hws" ->
                    report.integers(group + name, tensor.integers(), grids(images));
            case "projector" ->
                    report.floats(
                            group + name,
                            tensor.floats(),
                            imageRows.map(FloatMatrix::toArray).orElse(new float[0]));
            case "logits" ->
                    report.floats(
                            group + name,
                            tensor.floats(),
                            logits(recorder, prompt.tokenIds().length));
            case "logits_last8" ->
                    report.floats(
                            group + name,
                            tensor.floats(),
                            logits(recorder, Math.min(LAST_ROWS, prompt.tokenIds().length)));
            default -> {
                float[] actual = recorder.values(name);
                if (actual == null) {
                    report.impossible(group + name, "no such output");
                } else if (name.endsWith(".router.ids")) {
                    report.integers(group + name, tensor.integers(), integers(actual));
                } else {
                    report.floats(group + name, tensor.floats(), actual);
                }
            }
        }
    }

    private int[] generate(
            int[] tokenIds, Optional<FloatMatrix> imageRows, int count, PromptRecorder recorder) {
        TextConfig text = config.text();
        EngineOptions options = EngineOptions.defaults(text, CacheType.F32, CACHE_BYTES);
        Collector collector = new Collector();
        try (Engine engine = new Engine(weights, options, team, recorder)) {
            engine.submit(
                    new GenerationRequest(
                            tokenIds,
                            config.mediaPlaceholderTokenId(),
                            imageRows,
                            SamplingParameters.GREEDY,
                            count,
                            Set.of(),
                            collector));
            return collector.tokenIds.join();
        }
    }

    private Optional<FloatMatrix> imageRows(List<String> images) {
        if (images.isEmpty()) {
            return Optional.empty();
        }
        List<FloatMatrix> rows =
                images.stream().map(image -> pictures.orElseThrow().projected(image)).toList();
        return Optional.of(FloatMatrix.concatenate(arena, rows));
    }

    private long[] grids(List<String> images) {
        return images.stream()
                .flatMapToLong(image ->
                        Arrays.stream(PictureCheck.grid(pictures.orElseThrow().patches(image))))
                .toArray();
    }

    /// Logits of the last rows of the prompt, from the recorded output of the last norm.
    private float[] logits(PromptRecorder recorder, int numRows) {
        int hiddenSize = config.text().hiddenSize();
        float[] all = recorder.values("final_norm");
        float[] last = Arrays.copyOfRange(all, all.length - numRows * hiddenSize, all.length);
        FloatMatrix logits = FloatMatrix.allocate(arena, numRows, config.text().vocabSize());
        try (Workspace workspace = new Workspace();
                Workspace.Frame frame = workspace.frame()) {
            FloatMatrix rows = FloatMatrix.of(arena, hiddenSize, last);
            Kernels.linear(new LayerInput(rows, team, frame), weights.head(), logits, team);
        }
        return logits.toArray();
    }

    private static long[] integers(float[] values) {
        long[] integers = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            integers[i] = (long) values[i];
        }
        return integers;
    }

    /// Gathers a generation's tokens.
    private static final class Collector implements TokenSink {
        final CompletableFuture<int[]> tokenIds = new CompletableFuture<>();
        private final List<Integer> accepted = new ArrayList<>();

        @Override
        public boolean accept(int tokenId, TokenLogprobs logprobs) {
            accepted.add(tokenId);
            return true;
        }

        @Override
        public void finished(FinishReason reason) {
            tokenIds.complete(accepted.stream().mapToInt(Integer::intValue).toArray());
        }

        @Override
        public void failed(RuntimeException fault) {
            tokenIds.completeExceptionally(fault);
        }
    }
}
