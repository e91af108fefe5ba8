package io.moonglass.server.command;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What `moonglass inspect` prints of one checkpoint.
final class CheckpointReport {

    private static final String TEMPLATE_FILE = "chat_template.jinja";
    private static final int BFLOAT16_BYTES = 2;
    private static final int FLOAT32_BYTES = 4;

    private final Path directory;
    private final ModelConfig config;
    private final TensorInventory inventory;
    private final StringBuilder report = new StringBuilder();

    CheckpointReport(Path directory, ModelConfig config, TensorInventory inventory) {
        this.directory = directory;
        this.config = config;
        this.inventory = inventory;
        addSizes(config.text());
        addTokenizer();
        addParts();
        addDisk();
    }

    @Override
    public String toString() {
        return report.toString();
    }

    private void addSizes(TextConfig text) {
        long numSparse =
                Stream.iterate(0, i -> i + 1)
                        .limit(text.numLayers())
                        .filter(text::isSparse)
                        .count();
        long cacheNumbers = (long) text.numLayers() * text.cacheRowSize();
        line("model type", "%s", config.modelType());
        line("context length", "%,d tokens", text.maxPositionEmbeddings());
        line(
                "decoder",
                "%,d layers (%,d dense, %,d with experts), hidden size %,d, %,d heads",
                text.numLayers(),
                text.numLayers() - numSparse,
                numSparse,
                text.hiddenSize(),
                text.numHeads());
        line(
                "experts",
                "%,d routed, %,d for each token; %,d shared",
                text.numExperts(),
                text.numExpertsPerToken(),
                text.numSharedExperts());
        line("vision", "%s", config.vision().map(this::visionLine).orElse("none: text only"));
        line(
                "cache",
                "%,d bytes for each token in bfloat16, %,d in float32",
                cacheNumbers * BFLOAT16_BYTES,
                cacheNumbers * FLOAT32_BYTES);
    }

    private String visionLine(VisionConfig vision) {
        return format(
                "MoonViT, %,d layers, hidden size %,d, %,d heads, patches of %d x %d, %d to a token",
                vision.numLayers(),
                vision.hiddenSize(),
                vision.numHeads(),
                vision.patchSize(),
                vision.patchSize(),
                vision.patchesPerToken());
    }

    private void addTokenizer() {
        Optional<ConfigSection> tokenizer =
                ConfigSection.readIfPresent(directory.resolve("tokenizer_config.json"));
        Path vocabulary = directory.resolve("tiktoken.model");
        line(
                "tokenizer",
                "%s",
                Files.exists(vocabulary)
                        ? format("%,d pieces in tiktoken.model", numLines(vocabulary))
                        : "none here");
        tokenizer
                .flatMap(section -> section.optionalSection("added_tokens_decoder"))
                .ifPresent(tokens -> line("special tokens", "%s", specialTokens(tokens)));
        boolean inConfig = tokenizer.map(section -> section.has("chat_template")).orElse(false);
        String template = inConfig ? "tokenizer_config.json" : "none here";
        line(
                "chat template",
                "%s",
                Files.exists(directory.resolve(TEMPLATE_FILE)) ? TEMPLATE_FILE : template);
    }

    private static String specialTokens(ConfigSection tokens) {
        List<String> ids = tokens.keys();
        String listed =
                ids.stream()
                        .map(id -> id + " " + tokens.section(id).string("content", ""))
                        .collect(Collectors.joining(", "));
        return format("%d: %s", ids.size(), listed);
    }

    private void addParts() {
        String origin = inventory.disk().isPresent() ? "as stored" : "from config.json";
        report.append(format("%n%-22s%10s%20s%n", origin, "tensors", "parameters"));
        for (ModelPart part : ModelPart.values()) {
            TensorInventory.Size size = inventory.size(part);
            if (size.numTensors() > 0) {
                addPart(part.label(), size);
            }
        }
        addPart("total", inventory.total());
        report.append("\n");
        line(
                "active",
                "%,d parameters for each token of text (embedding table and MoonViT left out)",
                activeParameters());
    }

    private void addPart(String label, TensorInventory.Size size) {
        report.append(format("%-22s%,10d%,20d%n", label, size.numTensors(), size.numParameters()));
    }

    /// What one token is multiplied with: of the routed experts only the chosen.
    private long activeParameters() {
        TextConfig text = config.text();
        ModelPart head = text.tieWordEmbeddings() ? ModelPart.EMBEDDINGS : ModelPart.HEAD;
        long always =
                Stream.of(
                                ModelPart.ATTENTION,
                                ModelPart.DENSE,
                                ModelPart.SHARED_EXPERTS,
                                ModelPart.ROUTER,
                                ModelPart.NORMS,
                                head)
                        .mapToLong(part -> inventory.size(part).numParameters())
                        .sum();
        long routed = inventory.size(ModelPart.ROUTED_EXPERTS).numParameters();
        return always + routed / text.numExperts() * text.numExpertsPerToken();
    }

    private void addDisk() {
        if (inventory.disk().isEmpty()) {
            line("weights", "none here; the sizes above follow from config.json");
            return;
        }
        TensorInventory.Disk disk = inventory.disk().get();
        String kinds =
                disk.bytesByKind().entrySet().stream()
                        .map(kind -> format("%s %,d", kind.getKey(), kind.getValue()))
                        .collect(Collectors.joining(", "));
        line(
                "weights",
                "%,d bytes in %,d files; in bytes: %s",
                disk.numBytes(),
                disk.numFiles(),
                kinds);
        long expected = TensorInventory.expected(config).total().numParameters();
        if (expected != inventory.total().numParameters()) {
            line(
                    "note",
                    "config.json makes %,d parameters; config.json and weights may be of different releases",
                    expected);
        }
    }

    private void line(String label, String format, Object... values) {
        report.append(format("%-16s", label)).append(format(format, values)).append("\n");
    }

    private static long numLines(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> !line.isBlank()).count();
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read".formatted(file.getFileName()), e);
        }
    }

    /// Numbers read the same wherever the program runs.
    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
