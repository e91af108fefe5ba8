package io.moonglass.loader.gguf;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.template.PromptRenderer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.FieldSource;

/// Whatever a pair of files holds, it is a model that can be packed and loaded or it is refused with one line. Without
/// `JAZZER_FUZZ=1` whole pairs and damaged ones are run.
class GgufModelFuzzTest {

    /// An input is a decoder's file and, after it, that of a vision part.
    private static final List<byte[]> WHOLE = SmallestPair.all();

    /// From a fixed seed: of each also some that are damaged.
    static final List<byte[]> SEEDS = new ArrayList<>(WHOLE);

    static {
        Random random = new Random(11);
        for (byte[] whole : WHOLE) {
            for (int i = 0; i < 20; i++) {
                byte[] damaged = Arrays.copyOf(whole, whole.length - i % 3 * 100);
                for (int byteToChange = i % 4; byteToChange >= 0; byteToChange--) {
                    damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                }
                SEEDS.add(damaged);
            }
        }
    }

    @TempDir private static Path folder;

    @FieldSource("SEEDS")
    @FuzzTest(maxDuration = "15m")
    void a_pair_is_a_model_that_can_be_loaded_or_refused(byte[] input) throws IOException {
        SmallestPair.Parts parts = SmallestPair.cut(input);
        Path decoder = Files.write(folder.resolve("decoder.gguf"), parts.decoder());
        Optional<Path> vision = Optional.empty();
        if (parts.vision().length > 0) {
            vision = Optional.of(Files.write(folder.resolve("mmproj.gguf"), parts.vision()));
        }
        GgufModel model;
        try {
            model = GgufModel.open(decoder, vision);
        } catch (ModelFormatException | ConfigException expected) {
            checkMessage(expected.getMessage());
            return;
        }
        try (model) {
            model.tensors().values().forEach(GgufModelFuzzTest::readEnds);
            model.takenFromFamily().forEach(GgufModelFuzzTest::checkMessage);
            try {
                model.writeCompanions(folder);
            } catch (ModelFormatException | ConfigException expected) {
                checkMessage(expected.getMessage());
                return;
            }
            check(ModelConfig.read(folder).equals(model.config()));
            PromptRenderer.read(folder, model.config())
                    .tokenizer()
                    .stopIds(GenerationConfig.read(folder));
            if (vision.isPresent()) {
                PreprocessorConfig.read(folder);
            }
        }
    }

    @Test
    void what_damage_is_done_to_is_whole() throws IOException {
        for (byte[] whole : WHOLE) {
            SmallestPair.Parts parts = SmallestPair.cut(whole);
            Path decoder = Files.write(folder.resolve("decoder.gguf"), parts.decoder());
            Path vision = Files.write(folder.resolve("mmproj.gguf"), parts.vision());
            Optional<Path> pictures = Optional.of(vision).filter(_ -> parts.vision().length > 0);
            try (GgufModel model = GgufModel.open(decoder, pictures)) {
                model.checkCompanions();
            }
        }
    }

    private static void readEnds(FoundTensor found) {
        long size = 1;
        for (long dimension : found.shape()) {
            size *= dimension;
        }
        int rowLength = (int) found.shape()[found.shape().length - 1];
        int lastRow = (int) (size / rowLength - 1);
        for (int row : new int[] {0, lastRow}) {
            found.rows(row, 1)
                    .ifPresent(piece -> {
                        check(piece.count() == rowLength);
                        float[] values = new float[rowLength];
                        piece.tensor().decode(piece.from(), piece.from() + rowLength, values, 0);
                    });
        }
    }

    private static void checkMessage(String message) {
        if (message.length() >= 500 || message.chars().anyMatch(Character::isISOControl)) {
            throw new AssertionError("no line that a terminal should show: " + message);
        }
    }

    private static void check(boolean promise) {
        if (!promise) {
            throw new AssertionError("a promise is broken");
        }
    }
}
