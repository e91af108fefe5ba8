package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// The ways in which a checkpoint gets into a pod.
class ChartModelsTest {

    @Test
    void a_checkpoint_that_is_copied_is_checked() {
        Rendering rendering = Chart.withTests().render(Chart.example("init-container"));
        JsonNode install = rendering.podSpec().at("/initContainers/0");

        assertEquals(
                "[\"install\",\"/source/kimi-vl/instruct\",\"/models/kimi-vl\",\"--sha256sums\",\"/sums/sha256sums\"]",
                install.path("args").toString());
        assertEquals(rendering.server().path("image"), install.path("image"));
        assertTrue(
                rendering
                        .named("ConfigMap", "release-moonglass-sha256sums")
                        .at("/data/sha256sums")
                        .asText()
                        .contains("tiktoken.model"));
    }

    @Test
    void a_model_of_an_image_is_found_where_it_is_put() throws IOException {
        assertEquals(
                "[\"kimi-vl=/model-image/kimi-vl\"]",
                models(Chart.withTests().render(Chart.example("model-image-volume"))));
        assertEquals(
                "[\"kimi-vl=/models/kimi-vl\"]",
                models(Chart.withTests().render(Chart.example("model-image"))));
    }

    @Test
    void further_models_are_mounted_and_named() throws IOException {
        Rendering rendering = Chart.withTests().render(Chart.example("digest"));

        assertEquals(
                "[\"kimi-vl=/models/kimi-vl\",\"kimi-vl-thinking=/models/kimi-vl-thinking\"]",
                models(rendering));
        assertEquals("20GiB", rendering.settings().at("/models/memory").asText());
        assertTrue(
                rendering
                        .server()
                        .path("image")
                        .asText()
                        .startsWith("registry.example.com/moonglass@sha256:"));
    }

    @Test
    void a_model_in_the_servers_own_image_is_served_from_there() throws IOException {
        Rendering rendering = Chart.withTests().render(Chart.DEMO);

        assertEquals("[\"moonglass-demo=/models/moonglass-demo\"]", models(rendering));
    }

    private static String models(Rendering rendering) throws IOException {
        return rendering.settings().at("/models/model").toString();
    }
}
