package io.moonglass.loader.config;

import java.nio.file.Path;

/// preprocessor_config.json: how a picture becomes patches. The class defaults of the released
/// processor hold for absent keys, and they differ from the released file's values.
///
/// @param inTokenLimit patches a picture may have before padding; larger ones are shrunk
/// @param padInput     pad to whole merge cells (every released model) rather than crop to whole patches
/// @param imageMean    per channel, red first
/// @param imageStd     per channel, red first
public record PreprocessorConfig(
        int patchSize,
        int inTokenLimit,
        boolean padInput,
        double[] imageMean,
        double[] imageStd,
        int mergeSize) {

    /// Pictures of this many patches or more to a side are refused.
    public static final int MAX_PATCHES_PER_SIDE = 512;

    public static PreprocessorConfig read(Path directory) {
        return from(ConfigSection.read(directory.resolve("preprocessor_config.json")));
    }

    public static PreprocessorConfig from(ConfigSection config) {
        double[] std = config.numbers("image_std", 3, 0.26862954, 0.26130258, 0.27577711);
        for (double channel : std) {
            if (!(channel > 0)) {
                throw config.wrong("image_std", "a list of 3 numbers above 0");
            }
        }
        double[] merge = config.numbers("merge_kernel_size", 2, 2, 2);
        if (merge[0] != 2 || merge[1] != 2) {
            throw config.wrong("merge_kernel_size", "[2, 2]");
        }
        return new PreprocessorConfig(
                config.positiveInt("patch_size", 14),
                config.positiveInt("in_token_limit", 4096),
                config.bool("pad_input", false),
                config.numbers("image_mean", 3, 0.48145466, 0.4578275, 0.40821073),
                std,
                2);
    }
}
