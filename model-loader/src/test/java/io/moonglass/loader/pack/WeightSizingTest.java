package io.moonglass.loader.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What docs/sizing.md says of weights is what packing the released model makes of them.
class WeightSizingTest {

    private static final Path PAGE = Path.of("..", "docs", "sizing.md");
    private static final Pattern SIZE =
            Pattern.compile("(?m)^\\| `(f32|bf16|q8|q4)` \\| ([0-9,]+) \\| ([0-9.]+) GiB \\|$");
    private static final Pattern READ =
            Pattern.compile(
                    "(?m)^\\| `(q8|q4)` \\| ([0-9.]+) GB \\| ([0-9.]+) GB \\| ([0-9.]+) GB \\|$");
    private static final Pattern LEAST_FOR_EIGHT_BITS =
            Pattern.compile("8 bits are chosen from ([0-9.]+) GB of memory on");

    private final ConfigSection section =
            ConfigSection.read(TestModels.realConfig().resolve("config.json"));
    private final RandomSource source =
            new RandomSource(TestModels.realConfig().resolve("config.json"), section);

    @Test
    void every_format_takes_as_many_bytes_as_the_page_says() throws IOException {
        int numRows = 0;
        for (MatchResult row : SIZE.matcher(Files.readString(PAGE)).results().toList()) {
            long bytes = layout(row.group(1)).bytes();
            assertEquals("%,d".formatted(bytes), row.group(2), row.group());
            assertEquals(two(bytes / (double) (1L << 30)), row.group(3), row.group());
            numRows++;
        }
        int numSized = WeightFormat.values().length - 1; // what is kept is as large as it is
        assertEquals(numSized, numRows);
    }

    @Test
    void a_step_reads_as_many_bytes_as_the_page_says() throws IOException {
        int numRows = 0;
        for (MatchResult row : READ.matcher(Files.readString(PAGE)).results().toList()) {
            PackLayout layout = layout(row.group(1));
            assertEquals(two(bytesOfStep(layout, 1) / 1e9), row.group(2), row.group());
            assertEquals(two(bytesOfStep(layout, 8) / 1e9), row.group(3), row.group());
            assertEquals(two(bytesOfStep(layout, 32) / 1e9), row.group(4), row.group());
            numRows++;
        }
        assertEquals(2, numRows);
    }

    @Test
    void eight_bits_are_chosen_from_the_memory_on_that_the_page_says() throws IOException {
        MatchResult said =
                LEAST_FOR_EIGHT_BITS.matcher(Files.readString(PAGE)).results().toList().getFirst();

        assertEquals(
                String.format(Locale.ROOT, "%.1f", 2 * layout("q8").bytes() / 1e9), said.group(1));
    }

    private PackLayout layout(String spelling) {
        WeightFormat format = WeightFormat.valueOf(spelling.toUpperCase(Locale.ROOT));
        return source.layout(WeightFormats.of(format));
    }

    /// Weights that a step of so many generated tokens reads: of the routed experts those that at least one of them
    /// is expected to choose, of `kv_b_proj` the values' part, since the keys' is there transposed.
    private double bytesOfStep(PackLayout layout, int numTokens) {
        ModelConfig config = ModelConfig.from(section);
        double chosen = (double) config.text().numExpertsPerToken() / config.text().numExperts();
        double read = 1 - Math.pow(1 - chosen, numTokens);
        double valuesPart =
                (double) config.text().vHeadDim()
                        / (config.text().qkNopeHeadDim() + config.text().vHeadDim());
        double bytes = 0;
        for (Map.Entry<String, PackedFile.Entry> tensor : layout.entries().entrySet()) {
            String name = tensor.getKey();
            if (name.startsWith(config.languagePrefix()) && layout.panels().containsKey(name)) {
                double part = 1;
                if (name.contains(".experts.")) {
                    part = read;
                } else if (name.endsWith("kv_b_proj.weight")) {
                    part = valuesPart;
                }
                bytes += part * tensor.getValue().bytes();
            }
        }
        return bytes;
    }

    private static String two(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
