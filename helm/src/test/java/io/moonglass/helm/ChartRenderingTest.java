package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every example, rendered for the oldest and the newest Kubernetes, is what those will take.
class ChartRenderingTest {

    private static List<Arguments> examplesAndVersions() {
        List<Arguments> all = new ArrayList<>();
        for (Path example : Chart.examples()) {
            all.add(Arguments.of(example, Chart.oldestKubernetes(example)));
            all.add(Arguments.of(example, Chart.NEWEST_KUBERNETES));
        }
        return all;
    }

    private static List<Path> examples() {
        return Chart.examples();
    }

    @ParameterizedTest
    @MethodSource("examplesAndVersions")
    void every_object_of_a_kind_of_kubernetes_is_typed_strictly(Path example, String kubernetes)
            throws IOException {
        Rendering rendering = Chart.withTests().render(example, "release", kubernetes);

        for (JsonNode manifest : rendering.manifests()) {
            CoreKinds.check(manifest);
        }
        assertTrue(rendering.has("Deployment"));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void every_custom_resource_keeps_to_its_definition(Path example) throws IOException {
        CustomResources definitions = CustomResources.orSkip();

        for (JsonNode manifest : Chart.withTests().render(example).manifests()) {
            if (!CoreKinds.has(manifest)) {
                definitions.check(manifest);
            }
        }
    }

    @Test
    void there_are_at_least_twelve_examples() {
        assertTrue(Chart.examples().size() >= 12, () -> "there are " + Chart.examples().size());
    }

    @Test
    void a_misspelt_field_of_an_object_is_found() throws IOException {
        JsonNode wrong =
                Chart.YAML.readTree(
                        "{apiVersion: apps/v1, kind: Deployment, spec: {replicass: 1, selector: {}, template: {}}}");

        assertThrows(AssertionError.class, () -> CoreKinds.check(wrong));
    }

    @Test
    void a_misspelt_field_of_a_custom_resource_is_found() throws IOException {
        CustomResources definitions = CustomResources.orSkip();
        JsonNode wrong =
                Chart.YAML.readTree(
                        """
                        apiVersion: keda.sh/v1alpha1
                        kind: ScaledObject
                        metadata: {name: wrong}
                        spec:
                          scaleTargetRef: {nme: server}
                          triggers: []
                        """);

        assertThrows(AssertionError.class, () -> definitions.check(wrong));
    }

    @Test
    void a_kubernetes_that_is_too_old_is_refused() {
        Exception refusal =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                Chart.withTests()
                                        .render(Chart.example("default"), "release", "v1.29.9"));

        assertTrue(refusal.getMessage().contains("1.30"), refusal::getMessage);
    }

    @Test
    void an_image_is_mounted_only_where_kubernetes_can_do_that() {
        Exception refusal =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                Chart.withTests()
                                        .render(
                                                Chart.example("model-image-volume"),
                                                "release",
                                                "v1.32.0"));

        assertTrue(refusal.getMessage().contains("use initContainer"), refusal::getMessage);
    }
}
