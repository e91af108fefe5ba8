package io.moonglass.loader.config;

import java.nio.file.Path;
import java.util.List;

/// generation_config.json: where the model stops and how its publisher samples from it. The neutral
/// value holds for every absent key, and for a checkpoint without the file.
///
/// @param eosTokenIds       ids that end an answer, besides those the tokenizer knows by name
/// @param doSample          draw from the distribution rather than take the most likely token
/// @param temperature       from 0 up; holds where `doSample` does
/// @param topP              above 0, at most 1
/// @param topK              0 for all tokens
/// @param repetitionPenalty 1 for none
public record GenerationConfig(
        List<Integer> eosTokenIds,
        boolean doSample,
        double temperature,
        double topP,
        int topK,
        double repetitionPenalty) {

    public static final GenerationConfig NEUTRAL =
            new GenerationConfig(List.of(), false, 1, 1, 0, 1);

    private static final String FILE = "generation_config.json";

    public GenerationConfig {
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /// @throws io.moonglass.loader.fault.ConfigException if a key of the file is unusable
    public static GenerationConfig read(Path directory) {
        return ConfigSection.readIfPresent(directory.resolve(FILE))
                .map(GenerationConfig::from)
                .orElse(NEUTRAL);
    }

    public static GenerationConfig from(ConfigSection config) {
        double topP = config.positiveNumber("top_p", 1);
        if (topP > 1) {
            throw config.wrong("top_p", "a number above 0 and at most 1");
        }
        return new GenerationConfig(
                eosTokenIds(config),
                config.bool("do_sample", false),
                config.nonNegativeNumber("temperature", 1),
                topP,
                config.nonNegativeInt("top_k", 0),
                config.positiveNumber("repetition_penalty", 1));
    }

    /// The temperature to sample with: 0, which takes the most likely token, unless `do_sample` is set.
    public double samplingTemperature() {
        return doSample ? temperature : 0;
    }

    private static List<Integer> eosTokenIds(ConfigSection config) {
        List<Integer> ids = config.intOrInts("eos_token_id");
        if (ids.stream().anyMatch(id -> id < 0)) {
            throw config.wrong("eos_token_id", "ids from 0 up");
        }
        return ids;
    }
}
