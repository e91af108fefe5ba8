package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// The objects that a chart and its values make.
///
/// @param manifests each as Kubernetes would get it
record Rendering(List<JsonNode> manifests) {

    List<JsonNode> ofKind(String kind) {
        return manifests.stream().filter(manifest -> kind.equals(kind(manifest))).toList();
    }

    boolean has(String kind) {
        return !ofKind(kind).isEmpty();
    }

    /// The only object of a kind.
    JsonNode only(String kind) {
        List<JsonNode> all = ofKind(kind);
        if (all.size() != 1) {
            throw new AssertionError(
                    "%d objects of kind %s were rendered; want one".formatted(all.size(), kind));
        }
        return all.getFirst();
    }

    JsonNode named(String kind, String name) {
        return ofKind(kind).stream()
                .filter(manifest -> name.equals(name(manifest)))
                .findFirst()
                .orElseThrow(() ->
                        new AssertionError("no %s named %s was rendered".formatted(kind, name)));
    }

    /// The container of the server.
    JsonNode server() {
        for (JsonNode container : podSpec().path("containers")) {
            if (container.path("name").asText().equals("moonglass")) {
                return container;
            }
        }
        throw new AssertionError("the Deployment has no container named moonglass");
    }

    JsonNode podSpec() {
        return only("Deployment").at("/spec/template/spec");
    }

    /// application.yaml as the server will read it.
    JsonNode settings() throws java.io.IOException {
        for (JsonNode configMap : ofKind("ConfigMap")) {
            if (configMap.path("data").has("application.yaml")) {
                return Chart.YAML.readTree(configMap.at("/data/application.yaml").asText());
            }
        }
        throw new AssertionError("no ConfigMap has an application.yaml");
    }

    static String kind(JsonNode manifest) {
        return manifest.path("kind").asText();
    }

    static String name(JsonNode manifest) {
        return manifest.at("/metadata/name").asText();
    }
}
