package io.moonglass.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.util.Map;

/// Kinds of Kubernetes itself, by the classes of its Java client: these refuse fields that there are not, values of another
/// type, and objects without what they must have.
final class CoreKinds {

    private static final Map<String, Class<?>> TYPES =
            Map.ofEntries(
                    Map.entry("apps/v1 Deployment", V1Deployment.class),
                    Map.entry(
                            "autoscaling/v2 HorizontalPodAutoscaler",
                            V2HorizontalPodAutoscaler.class),
                    Map.entry("networking.k8s.io/v1 Ingress", V1Ingress.class),
                    Map.entry("networking.k8s.io/v1 NetworkPolicy", V1NetworkPolicy.class),
                    Map.entry("policy/v1 PodDisruptionBudget", V1PodDisruptionBudget.class),
                    Map.entry("v1 ConfigMap", V1ConfigMap.class),
                    Map.entry("v1 PersistentVolumeClaim", V1PersistentVolumeClaim.class),
                    Map.entry("v1 Pod", V1Pod.class),
                    Map.entry("v1 Secret", V1Secret.class),
                    Map.entry("v1 Service", V1Service.class),
                    Map.entry("v1 ServiceAccount", V1ServiceAccount.class));

    private CoreKinds() {}

    static boolean has(JsonNode manifest) {
        return TYPES.containsKey(id(manifest));
    }

    /// Passes over kinds that are not Kubernetes' own.
    ///
    /// @throws AssertionError if Kubernetes would refuse the object
    static void check(JsonNode manifest) {
        if (!has(manifest)) {
            return;
        }
        Gson gson = JSON.getGson();
        try {
            gson.fromJson(manifest.toString(), TYPES.get(id(manifest)));
        } catch (JsonParseException | IllegalArgumentException e) {
            throw new AssertionError(
                    "%s %s: %s".formatted(id(manifest), Rendering.name(manifest), e.getMessage()),
                    e);
        }
    }

    private static String id(JsonNode manifest) {
        return manifest.path("apiVersion").asText() + " " + Rendering.kind(manifest);
    }
}
