package io.moonglass.runtime.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.KvCache;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImagePreprocessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What docs/sizing.md computes follows from the released model's sizes and from what BENCHMARKS.md measured.
class SizingGuideTest {

    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();
    private static final String PAGE = read("docs/sizing.md");
    private static final String BENCHMARKS = read("BENCHMARKS.md");
    private static final ModelConfig CONFIG = ModelConfig.read(TestModels.realConfig());
    private static final List<Integer> LENGTHS = List.of(8_192, 32_768, 131_072);
    private static final int NEW_TOKENS = 256;

    private static final Pattern CACHE =
            Pattern.compile(
                    "(?m)^\\| `(f32|bf16|q8)` \\| ([0-9,]+) \\| ([0-9.]+) GiB \\| ([0-9.]+) GiB \\| ([0-9.]+) GiB \\| ([0-9,]+) \\|$");
    private static final Pattern PICTURE =
            Pattern.compile(
                    "(?m)^\\| (\\d+) x (\\d+)[^|]* \\| (\\d+) x (\\d+) \\| ([0-9,]+) \\| (\\d+) x (\\d+) \\| ([0-9,]+) \\|$");
    private static final Pattern PROMPT =
            Pattern.compile(
                    "(?m)^\\| [^|]+ \\| (\\d+) \\| ([0-9.]+ \\w+) \\| ([0-9.]+ \\w+) \\| ([0-9.]+ \\w+) \\| ([0-9.]+ \\w+) \\|$");
    private static final Pattern NEXT_TURN =
            Pattern.compile(
                    "(?m)^\\| [^|]+ \\| (\\d+) \\| ([0-9.]+ \\w+) \\| ([0-9.]+ \\w+) \\| ([0-9.]+ \\w+) \\|$");
    private static final Pattern GENERATION =
            Pattern.compile(
                    "(?m)^\\| [^|]+ \\| (\\d+) \\| (\\d+)(?: \\(measured\\))? \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$");
    private static final Pattern READ =
            Pattern.compile("(?m)^\\| `q4` \\| ([0-9.]+) GB \\| [0-9.]+ GB \\| [0-9.]+ GB \\|$");
    private static final Pattern POD =
            Pattern.compile(
                    "(?m)^\\| released, [^|]+\\| \\d+ \\| \\d+ GiB \\| (\\d+) GiB \\| ([0-9,]+) \\|");

    @Test
    void a_token_of_the_cache_takes_what_the_page_says() {
        List<MatchResult> rows = CACHE.matcher(PAGE).results().toList();

        assertEquals(CacheType.values().length, rows.size());
        for (MatchResult row : rows) {
            CacheType type = CacheType.valueOf(row.group(1).toUpperCase(Locale.ROOT));
            long bytes = KvCache.blockBytes(CONFIG.text(), type) / KvCache.BLOCK_SIZE;
            assertEquals("%,d".formatted(bytes), row.group(2), row.group());
            for (int i = 0; i < LENGTHS.size(); i++) {
                double gibibytes = bytes * (double) LENGTHS.get(i) / (1L << 30);
                assertEquals(format("%.2f", gibibytes), row.group(3 + i), row.group());
            }
            assertEquals("%,d".formatted(tokensIn(1, type)), row.group(6), row.group());
        }
    }

    @Test
    void a_pod_has_room_for_as_many_tokens_as_the_page_says() {
        List<MatchResult> rows = POD.matcher(PAGE).results().toList();

        assertEquals(3, rows.size());
        for (MatchResult row : rows) {
            long tokens = tokensIn(Integer.parseInt(row.group(1)), CacheType.BF16);
            assertEquals("%,d".formatted(tokens), row.group(2), row.group());
        }
    }

    private static long tokensIn(int gibibytes, CacheType type) {
        long blocks = ((long) gibibytes << 30) / KvCache.blockBytes(CONFIG.text(), type);
        return blocks * KvCache.BLOCK_SIZE;
    }

    @Test
    void a_picture_is_seen_as_large_as_the_page_says() {
        PreprocessorConfig smaller = PreprocessorConfig.read(TestModels.realConfig());
        PreprocessorConfig larger =
                new PreprocessorConfig(
                        smaller.patchSize(),
                        4 * smaller.inTokenLimit(), // Thinking-2506
                        smaller.padInput(),
                        smaller.imageMean(),
                        smaller.imageStd(),
                        smaller.mergeSize());
        List<MatchResult> rows = PICTURE.matcher(PAGE).results().toList();

        assertEquals(9, rows.size());
        for (MatchResult row : rows) {
            assertEquals(seen(smaller, row), said(row, 3), row.group());
            assertEquals(seen(larger, row), said(row, 6), row.group());
        }
    }

    private static String seen(PreprocessorConfig config, MatchResult row) {
        FittedSize size =
                new ImagePreprocessor(config)
                        .fittedSize(Integer.parseInt(row.group(1)), Integer.parseInt(row.group(2)));
        return "%d x %d, %,d".formatted(size.width(), size.height(), size.numTokens());
    }

    private static String said(MatchResult row, int group) {
        return "%s x %s, %s"
                .formatted(row.group(group), row.group(group + 1), row.group(group + 2));
    }

    @Test
    void prompts_take_what_follows_from_the_measured_ones() {
        PromptTime time = PromptTime.measured();
        List<MatchResult> rows = PROMPT.matcher(PAGE).results().toList();

        assertTrue(PAGE.contains(format("`a` = %.2f ms", 1e3 * time.perToken)), time.toString());
        assertTrue(PAGE.contains(format("`b` = %.3f µs", 1e6 * time.perPair)), time.toString());
        assertEquals(5, rows.size());
        for (MatchResult row : rows) {
            int numCores = Integer.parseInt(row.group(1));
            assertEquals(spoken(time.seconds(0, 1_024, numCores)), row.group(2), row.group());
            for (int i = 0; i < LENGTHS.size(); i++) {
                double seconds = time.seconds(0, LENGTHS.get(i), numCores);
                assertEquals(spoken(seconds), row.group(3 + i), row.group());
            }
        }
    }

    @Test
    void next_turns_take_what_follows_from_them_too() {
        PromptTime time = PromptTime.measured();
        List<MatchResult> rows = NEXT_TURN.matcher(PAGE).results().toList();

        assertEquals(5, rows.size());
        for (MatchResult row : rows) {
            int numCores = Integer.parseInt(row.group(1));
            for (int i = 0; i < LENGTHS.size(); i++) {
                double seconds = time.seconds(LENGTHS.get(i), NEW_TOKENS, numCores);
                assertEquals(spoken(seconds), row.group(2 + i), row.group());
            }
        }
    }

    @Test
    void tokens_come_as_fast_as_follows_from_the_measured_depths() {
        double alone = measured("decode, depth 0");
        double deep = measured("decode, depth 8,192");
        double perTokenBefore = 2 * (1 / deep - 1 / alone) / 8_192;
        long cacheBytes = KvCache.blockBytes(CONFIG.text(), CacheType.BF16) / KvCache.BLOCK_SIZE;
        double weightBytes = 1e9 * Double.parseDouble(first(READ, PAGE).group(1));
        List<MatchResult> rows = GENERATION.matcher(PAGE).results().toList();

        assertTrue(
                PAGE.contains(format("%.1f µs of a core", 1e6 * perTokenBefore)),
                "" + perTokenBefore);
        assertEquals(6, rows.size());
        for (MatchResult row : rows) {
            int numCores = Integer.parseInt(row.group(1));
            double bandwidth = 1e9 * Integer.parseInt(row.group(2));
            List<Integer> depths = List.of(0, 8_192, 32_768, 131_072);
            for (int i = 0; i < depths.size(); i++) {
                double reading = depths.get(i) * cacheBytes / bandwidth;
                double attending = depths.get(i) * perTokenBefore / numCores;
                double seconds = weightBytes / bandwidth + Math.max(reading, attending);
                assertEquals(format("%.0f", 1 / seconds), row.group(3 + i), row.group());
            }
        }
    }

    /// Of a prompt on two cores.
    ///
    /// @param perToken seconds of a token's products
    /// @param perPair  seconds of attention for each token and the prompt's length
    private record PromptTime(double perToken, double perPair) {

        static PromptTime measured() {
            int shorter = 512;
            int longer = 2_048;
            double ofShorter = 1 / SizingGuideTest.measured("prompt, 512 tokens");
            double ofLonger = 1 / SizingGuideTest.measured("prompt, 2,048 tokens");
            double perPair = (ofLonger - ofShorter) / (longer - shorter);
            return new PromptTime(ofShorter - shorter * perPair, perPair);
        }

        double seconds(int numKnown, int numNew, int numCores) {
            double all = (double) numKnown + numNew;
            double pairs = all * all - (double) numKnown * numKnown;
            return (perToken * numNew + perPair * pairs) * 2 / numCores;
        }
    }

    private static double measured(String figure) {
        Pattern row =
                Pattern.compile("(?m)^\\| " + figure + " \\| ([0-9.]+) tokens/s \\| [0-9.]+, ");
        return Double.parseDouble(first(row, BENCHMARKS).group(1));
    }

    private static MatchResult first(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList().getFirst();
    }

    private static String spoken(double seconds) {
        if (seconds < 9.95) {
            return format("%.1f s", seconds);
        }
        if (seconds < 119.5) {
            return format("%.0f s", seconds);
        }
        return seconds < 7_170
                ? format("%.0f min", seconds / 60)
                : format("%.1f h", seconds / 3_600);
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    private static String read(String file) {
        try {
            return Files.readString(REPOSITORY.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
