package io.moonglass.runtime.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.DecoderWeights;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.tensor.ThreadTeam;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Runs a checkpoint against a folder of recorded outputs and compares every number: preprocessing and
/// ids exactly, everything else relative to the largest expected value.
public final class GoldenCheck {

    private final Path modelDirectory;
    private final Path goldenDirectory;
    private final ChatModelOptions options;

    /// @param options threads, and what pictures are encoded with
    public GoldenCheck(Path modelDirectory, Path goldenDirectory, ChatModelOptions options) {
        this.modelDirectory = modelDirectory;
        this.goldenDirectory = goldenDirectory;
        this.options = options;
    }

    /// @throws io.moonglass.loader.fault.ConfigException if a file cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    public CheckReport run() {
        CheckReport report = new CheckReport();
        try (Arena arena = Arena.ofShared();
                Checkpoint checkpoint = Checkpoint.open(modelDirectory);
                ThreadTeam team = new ThreadTeam(options.numThreads())) {
            GoldenFolder golden = new GoldenFolder(goldenDirectory, arena);
            Set<String> left = new HashSet<>(golden.fileNames());
            PromptRenderer prompts = PromptRenderer.read(modelDirectory, checkpoint.config());
            checkTexts(new TextCheck(report, prompts), golden, left);
            left.remove("gguf_blocks.safetensors");
            golden.tensors("gguf_blocks").ifPresent(new BlockCheck(report)::blocks);
            Optional<PictureCheck> pictures =
                    checkpoint
                            .config()
                            .vision()
                            .map(_ -> pictureCheck(report, golden, arena, checkpoint));
            try {
                pictures.ifPresent(check -> checkPictures(check, golden, left));
                PromptCheck check =
                        new PromptCheck(
                                report,
                                prompts,
                                pictures,
                                checkpoint.config(),
                                DecoderWeights.from(checkpoint),
                                team,
                                arena);
                checkPrompts(check, golden, left);
            } finally {
                pictures.ifPresent(PictureCheck::close);
            }
            left.remove("README.md");
            left.stream().sorted().forEach(report::skipped);
        }
        if (report.numGroups() == 0) {
            throw new ConfigException(
                    "--golden %s: holds nothing to compare; want recorded outputs such as prompts.json"
                            .formatted(goldenDirectory));
        }
        return report;
    }

    private PictureCheck pictureCheck(
            CheckReport report, GoldenFolder golden, Arena arena, Checkpoint checkpoint) {
        return new PictureCheck(
                report,
                golden,
                arena,
                PreprocessorConfig.read(modelDirectory),
                options.media()
                        .backend()
                        .open(checkpoint, options.workDirectory(), options.numThreads(), true));
    }

    private static void checkTexts(TextCheck check, GoldenFolder golden, Set<String> left) {
        taken(left, "tokenizer_vectors.json", golden::json).ifPresent(check::tokenizerVectors);
        taken(left, "chat_renderings.json", golden::json).ifPresent(check::chatRenderings);
    }

    private static void checkPictures(PictureCheck check, GoldenFolder golden, Set<String> left) {
        taken(left, "image_sizes.json", golden::json).ifPresent(check::imageSizes);
        left.remove("preprocess.safetensors");
        golden.tensors("preprocess").ifPresent(check::preprocessing);
        left.remove("vision.safetensors");
        golden.tensors("vision").ifPresent(check::vision);
    }

    private static void checkPrompts(PromptCheck check, GoldenFolder golden, Set<String> left) {
        Optional<JsonNode> prompts = taken(left, "prompts.json", golden::json);
        if (prompts.isEmpty()) {
            return;
        }
        for (Map.Entry<String, JsonNode> prompt : prompts.get().path("prompts").properties()) {
            String file = "prompt_" + prompt.getKey();
            left.remove(file + ".safetensors");
            check.prompt(prompt.getKey(), prompt.getValue(), golden.tensors(file));
        }
    }

    private static <T> T taken(Set<String> left, String file, Function<String, T> read) {
        left.remove(file);
        return read.apply(file);
    }
}
