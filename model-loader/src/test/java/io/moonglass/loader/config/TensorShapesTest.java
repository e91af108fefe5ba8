package io.moonglass.loader.config;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorShapesTest {

    @Test
    void a_configuration_of_more_tensors_than_any_model_has_is_refused_before_one_is_listed()
            throws IOException {
        for (String key : List.of("num_hidden_layers", "n_routed_experts")) {
            ConfigException fault =
                    assertThrows(
                            ConfigException.class,
                            () ->
                                    TensorShapes.forEach(
                                            with(key, 1 << 30), (name, _) -> fail(name)));
            assertTrue(fault.getMessage().contains("1,073,741,824"), fault.getMessage());
        }
    }

    @Test
    void the_released_models_are_far_from_that() {
        assertTrue(TensorShapes.of(ModelConfig.read(TestModels.realConfig())).size() > 5000);
    }

    private static ModelConfig with(String key, int value) throws IOException {
        ObjectNode json =
                (ObjectNode)
                        new ObjectMapper()
                                .readTree(TestModels.tinyRandom().resolve("config.json").toFile());
        ((ObjectNode) json.get("text_config")).put(key, value);
        return ModelConfig.from(ConfigSection.of("config.json", json));
    }
}
