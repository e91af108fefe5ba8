package io.moonglass.loader.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationConfigTest {

    @Test
    void the_recorded_file_is_read() {
        assertEquals(
                new GenerationConfig(List.of(769, 770), false, 1, 1, 0, 1),
                GenerationConfig.read(TestModels.tinyRandom()));
    }

    @Test
    void a_checkpoint_need_not_have_the_file(@TempDir Path directory) {
        assertEquals(GenerationConfig.NEUTRAL, GenerationConfig.read(directory));
    }

    @Test
    void every_value_is_taken_from_the_file() {
        GenerationConfig config =
                config(
                        "{\"eos_token_id\": 7, \"do_sample\": true, \"temperature\": 0.6, \"top_p\": 0.9, \"top_k\": 50, \"repetition_penalty\": 1.1}");
        assertEquals(new GenerationConfig(List.of(7), true, 0.6, 0.9, 50, 1.1), config);
        assertEquals(0.6, config.samplingTemperature());
    }

    @Test
    void without_sampling_the_temperature_does_not_count() {
        assertEquals(0, config("{\"temperature\": 0.6}").samplingTemperature());
    }

    @Test
    void errors_name_the_key() {
        refused("eos_token_id ", "{\"eos_token_id\": \"7\"}");
        refused("eos_token_id ", "{\"eos_token_id\": [7, -1]}");
        refused("do_sample ", "{\"do_sample\": 1}");
        refused("temperature ", "{\"temperature\": -0.1}");
        refused("temperature ", "{\"temperature\": \"hot\"}");
        refused("top_p ", "{\"top_p\": 1.5}");
        refused("top_p ", "{\"top_p\": 0}");
        refused("top_k ", "{\"top_k\": -1}");
        refused("repetition_penalty ", "{\"repetition_penalty\": 0}");
    }

    private static void refused(String key, String json) {
        ConfigException e = assertThrows(ConfigException.class, () -> config(json), json);
        assertTrue(e.getMessage().startsWith("test.json: " + key), e.getMessage());
    }

    private static GenerationConfig config(String json) {
        return GenerationConfig.from(TokenizerConfigTest.section(json));
    }
}
