package io.moonglass.loader.config;

import java.nio.file.Path;
import java.util.Optional;

/// config.json as a whole.
///
/// @param vision                  MoonViT's sizes; empty for a text-only Moonlight checkpoint
/// @param mediaPlaceholderTokenId the id whose embedding rows pictures take; -1 without a vision part
/// @param languagePrefix          what stands before the decoder's tensor names: `language_model.` or nothing
public record ModelConfig(
        String modelType,
        TextConfig text,
        Optional<VisionConfig> vision,
        int mediaPlaceholderTokenId,
        String languagePrefix) {

    /// Reads config.json of a checkpoint folder.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a key is missing or unusable
    public static ModelConfig read(Path directory) {
        return from(ConfigSection.read(directory.resolve("config.json")));
    }

    public static ModelConfig from(ConfigSection config) {
        String modelType = config.string("model_type", "");
        return switch (modelType) {
            case "kimi_vl" ->
                    new ModelConfig(
                            modelType,
                            TextConfig.from(config.section("text_config")),
                            Optional.of(VisionConfig.from(config.section("vision_config"))),
                            config.nonNegativeInt("media_placeholder_token_id"),
                            "language_model.");
            case "deepseek_v3" ->
                    new ModelConfig(modelType, TextConfig.from(config), Optional.empty(), -1, "");
            default ->
                    throw config.wrong(
                            "model_type",
                            "\"kimi_vl\", or \"deepseek_v3\" for a Moonlight checkpoint");
        };
    }
}
