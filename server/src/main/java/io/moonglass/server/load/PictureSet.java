package io.moonglass.server.load;

import io.moonglass.clients.ContentPart;
import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Pictures that the questions of a scenario show.
sealed interface PictureSet {

    /// Whether every turn shows such pictures, and not only the first.
    boolean everyTurn();

    /// Pictures that all clients share; empty if each conversation has its own.
    List<ContentPart> pool(RandomGenerator random);

    /// The pictures of one turn.
    ///
    /// @param pool what [#pool] gave
    List<ContentPart> draw(List<ContentPart> pool, RandomGenerator random);

    static PictureSet from(ConfigSection section, Path folder) {
        return section.has("file") ? FromFile.from(section, folder) : Drawn.from(section);
    }

    /// Pictures drawn in this process.
    ///
    /// @param width    in pixels
    /// @param height   in pixels
    /// @param count    pictures of a turn
    /// @param poolSize how many different pictures all clients share; 0 for new ones in every conversation
    record Drawn(
            int width,
            int height,
            PicturePainter.Format format,
            int count,
            int poolSize,
            boolean everyTurn)
            implements PictureSet {

        private static final int MAX_SIDE = 16_384;

        private static Drawn from(ConfigSection section) {
            KnownKeys.check(section, "size", "format", "count", "pool", "every_turn");
            String size = section.string("size");
            String[] sides = size.matches("\\d{1,5}x\\d{1,5}") ? size.split("x") : new String[0];
            int width = sides.length == 2 ? Integer.parseInt(sides[0]) : 0;
            int height = sides.length == 2 ? Integer.parseInt(sides[1]) : 0;
            if (Math.min(width, height) < 1 || Math.max(width, height) > MAX_SIDE) {
                throw section.wrong(
                        "size",
                        "WIDTHxHEIGHT in pixels, such as \"448x448\", at most %d a side"
                                .formatted(MAX_SIDE));
            }
            int count = section.positiveInt("count", 1);
            int poolSize = section.nonNegativeInt("pool", 0);
            if (poolSize > 0 && poolSize < count) {
                throw section.wrong("pool", "0, or at least the count, which is " + count);
            }
            return new Drawn(
                    width,
                    height,
                    format(section),
                    count,
                    poolSize,
                    section.bool("every_turn", false));
        }

        private static PicturePainter.Format format(ConfigSection section) {
            return switch (section.string("format", "jpeg")) {
                case "jpeg" -> PicturePainter.Format.JPEG;
                case "png" -> PicturePainter.Format.PNG;
                default -> throw section.wrong("format", "\"jpeg\" or \"png\"");
            };
        }

        @Override
        public List<ContentPart> pool(RandomGenerator random) {
            return paint(poolSize, random);
        }

        @Override
        public List<ContentPart> draw(List<ContentPart> pool, RandomGenerator random) {
            if (poolSize == 0) {
                return paint(count, random);
            }
            int first = random.nextInt(poolSize);
            List<ContentPart> pictures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                pictures.add(pool.get((first + i) % poolSize));
            }
            return pictures;
        }

        private List<ContentPart> paint(int numPictures, RandomGenerator random) {
            List<ContentPart> pictures = new ArrayList<>();
            for (int i = 0; i < numPictures; i++) {
                pictures.add(
                        ContentPart.image(PicturePainter.paint(width, height, format, random)));
            }
            return pictures;
        }
    }

    /// One picture that all conversations show.
    record FromFile(ContentPart picture, boolean everyTurn) implements PictureSet {

        private static FromFile from(ConfigSection section, Path folder) {
            KnownKeys.check(section, "file", "every_turn");
            Path file = folder.resolve(section.string("file"));
            try {
                return new FromFile(
                        ContentPart.image(Files.readAllBytes(file)),
                        section.bool("every_turn", false));
            } catch (IOException e) {
                throw new ConfigException(
                        "%s.file: %s cannot be read; want a picture beside the mix"
                                .formatted(section.where(), file),
                        e);
            }
        }

        @Override
        public List<ContentPart> pool(RandomGenerator random) {
            return List.of(picture);
        }

        @Override
        public List<ContentPart> draw(List<ContentPart> pool, RandomGenerator random) {
            return pool;
        }
    }
}
