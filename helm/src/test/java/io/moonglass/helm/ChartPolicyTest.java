package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kubernetes.client.custom.Quantity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What holds of everything that the chart makes, whatever the values say.
class ChartPolicyTest {

    private static List<Path> examples() {
        return Chart.examples();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void no_container_has_a_right_it_does_not_need(Path example) {
        for (JsonNode pod : podSpecs(Chart.withTests().render(example))) {
            assertTrue(pod.at("/securityContext/runAsNonRoot").asBoolean());
            assertEquals(10001, pod.at("/securityContext/runAsUser").asInt());
            assertEquals("RuntimeDefault", pod.at("/securityContext/seccompProfile/type").asText());
            assertFalse(pod.path("automountServiceAccountToken").asBoolean(true));
            assertFalse(pod.path("hostNetwork").asBoolean(false));
            for (JsonNode container : containers(pod)) {
                JsonNode security = container.path("securityContext");
                assertTrue(security.path("readOnlyRootFilesystem").asBoolean());
                assertFalse(security.path("allowPrivilegeEscalation").asBoolean(true));
                assertEquals("[\"ALL\"]", security.at("/capabilities/drop").toString());
                assertFalse(security.path("privileged").asBoolean(false));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void every_container_has_a_bound_on_its_memory_and_an_image_that_is_named_exactly(
            Path example) {
        for (JsonNode pod : podSpecs(Chart.withTests().render(example))) {
            for (JsonNode container : containers(pod)) {
                assertTrue(container.at("/resources/limits").has("memory"), container::toString);
                String image = container.path("image").asText();
                assertTrue(
                        image.contains("@sha256:")
                                || image.substring(image.lastIndexOf('/')).contains(":"),
                        () -> image + " has no tag and no digest");
                assertFalse(image.endsWith(":latest"), image);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void the_server_has_three_probes_on_its_operations_port(Path example) throws IOException {
        Rendering rendering = Chart.withTests().render(example);
        JsonNode server = rendering.server();

        assertEquals("/health/started", probePath(server, "startupProbe"));
        assertEquals("/health/ready", probePath(server, "readinessProbe"));
        assertEquals("/health/live", probePath(server, "livenessProbe"));
        for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            assertEquals("ops", server.path(probe).at("/httpGet/port").asText());
        }
        for (JsonNode port : server.path("ports")) {
            assertTrue(port.path("name").asText().length() <= 15);
        }
        assertEquals(port(server, "ops"), rendering.settings().at("/operations/port").asInt());
        assertEquals(port(server, "http"), rendering.settings().at("/server/port").asInt());
    }

    @ParameterizedTest
    @MethodSource("examples")
    void a_pod_has_more_time_to_end_than_its_pause_and_its_drain_take(Path example)
            throws IOException {
        Rendering rendering = Chart.withTests().render(example);
        int preStop = rendering.server().at("/lifecycle/preStop/sleep/seconds").asInt();
        int drain = rendering.settings().at("/server/drain-timeout").asInt();

        assertTrue(drain > 0);
        assertTrue(
                rendering.podSpec().path("terminationGracePeriodSeconds").asInt()
                        > preStop + drain);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void every_mount_has_its_volume_and_every_volume_its_bound(Path example) {
        for (JsonNode pod : podSpecs(Chart.withTests().render(example))) {
            Set<String> volumes = new HashSet<>();
            for (JsonNode volume : pod.path("volumes")) {
                assertTrue(volumes.add(volume.path("name").asText()), volume::toString);
                if (volume.has("emptyDir")) {
                    assertTrue(volume.path("emptyDir").has("sizeLimit"), volume::toString);
                }
            }
            for (JsonNode container : containers(pod)) {
                Set<String> places = new HashSet<>();
                for (JsonNode mount : container.path("volumeMounts")) {
                    assertTrue(volumes.contains(mount.path("name").asText()), mount::toString);
                    assertTrue(places.add(mount.path("mountPath").asText()), mount::toString);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void media_that_wait_fit_into_the_temporary_folder(Path example) throws IOException {
        Rendering rendering = Chart.withTests().render(example);
        long disk =
                Quantity.fromString(
                                rendering.settings().at("/media/disk").asText().replace("iB", "i"))
                        .getNumber()
                        .longValue();

        for (JsonNode volume : rendering.podSpec().path("volumes")) {
            if (volume.path("name").asText().equals("tmp")) {
                long limit =
                        Quantity.fromString(volume.at("/emptyDir/sizeLimit").asText())
                                .getNumber()
                                .longValue();
                // a pod over its limit is evicted, with all its requests
                assertTrue(limit > disk, () -> limit + " bytes for " + disk);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void the_server_cannot_write_to_its_models(Path example) {
        for (JsonNode mount : Chart.withTests().render(example).server().path("volumeMounts")) {
            String path = mount.path("mountPath").asText();
            if (!List.of("/tmp", "/cache", "/state").contains(path)) {
                assertTrue(mount.path("readOnly").asBoolean(), path);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void services_monitors_and_budgets_find_the_pods(Path example) {
        Rendering rendering = Chart.withTests().render(example);
        JsonNode pod = rendering.only("Deployment").at("/spec/template/metadata/labels");

        assertWithin(rendering.only("Deployment").at("/spec/selector/matchLabels"), pod);
        for (JsonNode service : rendering.ofKind("Service")) {
            assertWithin(service.at("/spec/selector"), pod);
        }
        for (String kind : List.of("PodDisruptionBudget", "PodMonitor", "InferencePool")) {
            for (JsonNode object : rendering.ofKind(kind)) {
                assertWithin(object.at("/spec/selector/matchLabels"), pod);
            }
        }
        for (JsonNode policy : rendering.ofKind("NetworkPolicy")) {
            assertWithin(policy.at("/spec/podSelector/matchLabels"), pod);
        }
        for (JsonNode monitor : rendering.ofKind("ServiceMonitor")) {
            List<JsonNode> found = new ArrayList<>();
            for (JsonNode service : rendering.ofKind("Service")) {
                if (isWithin(
                        monitor.at("/spec/selector/matchLabels"), service.at("/metadata/labels"))) {
                    found.add(service);
                }
            }
            assertEquals(1, found.size(), "Services that the ServiceMonitor finds");
            assertEquals(
                    monitor.at("/spec/endpoints/0/port"),
                    found.getFirst().at("/spec/ports/0/name"));
        }
        for (JsonNode constraint : rendering.podSpec().path("topologySpreadConstraints")) {
            assertWithin(constraint.at("/labelSelector/matchLabels"), pod);
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void no_test_pod_gets_requests_or_counts_as_a_server(Path example) {
        Rendering rendering = Chart.withTests().render(example);

        for (JsonNode test : rendering.ofKind("Pod")) {
            for (JsonNode service : rendering.ofKind("Service")) {
                assertFalse(isWithin(service.at("/spec/selector"), test.at("/metadata/labels")));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void one_thing_alone_says_how_many_pods_there_are(Path example) {
        Rendering rendering = Chart.withTests().render(example);
        JsonNode deployment = rendering.only("Deployment");
        List<JsonNode> scalers = new ArrayList<>(rendering.ofKind("HorizontalPodAutoscaler"));
        scalers.addAll(rendering.ofKind("ScaledObject"));

        assertTrue(scalers.size() <= 1);
        assertEquals(scalers.isEmpty(), deployment.path("spec").has("replicas"));
        int most = deployment.at("/spec/replicas").asInt();
        for (JsonNode scaler : scalers) {
            assertEquals(
                    Rendering.name(deployment), scaler.at("/spec/scaleTargetRef/name").asText());
            most = scaler.at("/spec/maxReplicas").asInt(scaler.at("/spec/maxReplicaCount").asInt());
        }
        assertEquals(most > 1, rendering.has("PodDisruptionBudget"));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void no_two_objects_have_one_name(Path example) {
        Set<String> names = new HashSet<>();

        for (JsonNode manifest : Chart.withTests().render(example).manifests()) {
            String name =
                    "%s %s %s"
                            .formatted(
                                    Rendering.kind(manifest),
                                    manifest.at("/metadata/namespace").asText(),
                                    Rendering.name(manifest));
            assertTrue(names.add(name), () -> name + " is there twice");
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void a_changed_setting_makes_new_pods(Path example) throws IOException {
        JsonNode annotations =
                Chart.withTests()
                        .render(example)
                        .only("Deployment")
                        .at("/spec/template/metadata/annotations");

        assertEquals(64, annotations.path("checksum/config").asText().length());
    }

    @Test
    void two_releases_in_one_namespace_have_pods_of_their_own() {
        Path values = Chart.example("default");
        Rendering one = Chart.withTests().render(values, "one", Chart.NEWEST_KUBERNETES);
        Rendering other = Chart.withTests().render(values, "other", Chart.NEWEST_KUBERNETES);

        assertFalse(
                isWithin(
                        one.only("Deployment").at("/spec/selector/matchLabels"),
                        other.only("Deployment").at("/spec/template/metadata/labels")));
        Set<String> names = new HashSet<>();
        one.manifests().forEach(manifest -> names.add(id(manifest)));
        for (JsonNode manifest : other.manifests()) {
            assertFalse(names.contains(id(manifest)), () -> id(manifest) + " is of both");
        }
    }

    @Test
    void a_service_named_like_the_program_cannot_change_its_settings() {
        // Kubernetes would make MOONGLASS_PORT of a Service that is called moonglass
        for (JsonNode pod : podSpecs(Chart.withTests().render(Chart.example("default")))) {
            assertFalse(pod.path("enableServiceLinks").asBoolean(true));
        }
    }

    @Test
    void the_startup_probe_allows_just_the_time_that_loading_may_take() {
        JsonNode server = Chart.withTests().render(Chart.example("init-container")).server();

        // 3601 s in periods of 5 s
        assertEquals(721, server.at("/startupProbe/failureThreshold").asInt());
    }

    @Test
    void pods_that_load_or_drain_are_scraped_too() {
        JsonNode operations =
                Chart.withTests()
                        .render(Chart.example("monitored"))
                        .named("Service", "release-moonglass-ops");

        assertTrue(operations.at("/spec/publishNotReadyAddresses").asBoolean());
        assertEquals("None", operations.at("/spec/clusterIP").asText());
    }

    @Test
    void the_operations_port_is_on_no_service_that_routes_point_at() {
        for (String example : List.of("routed", "ingress", "secured")) {
            Rendering rendering = Chart.withTests().render(Chart.example(example));
            JsonNode service = rendering.named("Service", "release-moonglass");

            assertEquals(1, service.at("/spec/ports").size());
            assertEquals("http", service.at("/spec/ports/0/name").asText());
        }
    }

    @Test
    void the_test_asks_both_ports_with_a_key_and_an_authority() {
        JsonNode test = Chart.withTests().render(Chart.example("tls")).only("Pod");

        assertEquals(
                "[\"selftest\",\"--url\",\"https://release-moonglass.inference.svc:80\","
                        + "\"--operations-url\",\"http://release-moonglass-ops.inference.svc:9090\","
                        + "\"--api-key-file-plain\",\"/key/key\",\"--ca-certificate-file\",\"/ca/ca.crt\"]",
                test.at("/spec/containers/0/args").toString());
        // a test without a certificate of its own could only fail
        assertFalse(Chart.withTests().render(Chart.example("secured")).has("Pod"));
    }

    @Test
    void secrets_are_mounted_and_the_settings_name_their_files() throws IOException {
        Rendering rendering = Chart.withTests().render(Chart.example("secured"));
        JsonNode settings = rendering.settings();
        Map<String, String> files =
                Map.of(
                        "/keys/api-key-file", "/etc/moonglass/keys/api-keys",
                        "/operations/key-file", "/etc/moonglass/operations/operations-keys",
                        "/tls/certificate-file", "/etc/moonglass/tls/tls.crt",
                        "/tls/key-file", "/etc/moonglass/tls/tls.key",
                        "/tls/client-ca-file", "/etc/moonglass/client-ca/ca.crt",
                        "/tls/key-password-file", "/etc/moonglass/tls-password/password",
                        "/otlp/headers-file", "/etc/moonglass/otlp/headers");
        List<String> mounts = new ArrayList<>();
        rendering
                .server()
                .path("volumeMounts")
                .forEach(mount -> mounts.add(mount.path("mountPath").asText()));

        files.forEach((key, file) -> {
            assertEquals(file, settings.at(key).asText());
            assertTrue(mounts.contains(file.substring(0, file.lastIndexOf('/'))), file);
        });
        assertEquals(
                "https",
                rendering
                        .named("Service", "release-moonglass")
                        .at("/spec/ports/0/appProtocol")
                        .asText());
    }

    @Test
    void nothing_secret_stands_in_a_config_map_or_a_variable() {
        for (Path example : Chart.examples()) {
            Rendering rendering = Chart.withTests().render(example);
            for (JsonNode variable : rendering.server().path("env")) {
                assertFalse(variable.path("name").asText().matches(".*(PASSWORD|TOKEN|SECRET).*"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"secured", "tls"})
    void a_network_policy_lets_nobody_else_in_and_nothing_else_out(String example) {
        JsonNode policy = Chart.withTests().render(Chart.example(example)).only("NetworkPolicy");

        assertEquals("[\"Ingress\",\"Egress\"]", policy.at("/spec/policyTypes").toString());
        for (JsonNode rule : policy.at("/spec/ingress")) {
            assertFalse(rule.path("from").isEmpty(), "a rule without peers lets everybody in");
            assertFalse(rule.path("ports").isEmpty(), "a rule without ports opens all");
        }
        for (JsonNode rule : policy.at("/spec/egress")) {
            assertFalse(rule.path("to").isEmpty(), "a rule without peers lets everything out");
            assertFalse(rule.path("ports").isEmpty());
        }
    }

    @Test
    void media_are_fetched_from_public_addresses_alone() {
        JsonNode secured = Chart.withTests().render(Chart.example("secured")).only("NetworkPolicy");
        JsonNode tls = Chart.withTests().render(Chart.example("tls")).only("NetworkPolicy");

        assertTrue(secured.toString().contains("169.254.0.0/16"));
        assertFalse(tls.toString().contains("0.0.0.0/0"));
    }

    @Test
    void what_callers_stored_outlives_the_release() {
        JsonNode claim =
                Chart.withTests()
                        .render(Chart.example("single"))
                        .named("PersistentVolumeClaim", "release-moonglass-state");

        assertEquals("keep", claim.at("/metadata/annotations/helm.sh~1resource-policy").asText());
    }

    @Test
    void an_inference_pool_points_at_the_api_and_fails_open() {
        Rendering rendering = Chart.withTests().render(Chart.example("routed"));
        JsonNode pool = rendering.only("InferencePool");

        assertEquals("FailOpen", pool.at("/spec/endpointPickerRef/failureMode").asText());
        // by a rule of the definition: no port only for pickers that are no Service
        assertTrue(pool.at("/spec/endpointPickerRef/port/number").asInt() > 0);
        assertEquals(
                port(rendering.server(), "http"), pool.at("/spec/targetPorts/0/number").asInt());
        assertEquals(
                Rendering.name(pool),
                rendering.only("HTTPRoute").at("/spec/rules/0/backendRefs/0/name").asText());
    }

    @Test
    void a_model_that_loads_slowly_does_not_make_an_update_fail() {
        JsonNode deployment =
                Chart.withTests().render(Chart.example("init-container")).only("Deployment");

        assertTrue(deployment.at("/spec/progressDeadlineSeconds").asInt() > 3601);
        assertNotEquals("0", deployment.at("/spec/strategy/rollingUpdate/maxSurge").asText());
    }

    private static String id(JsonNode manifest) {
        return Rendering.kind(manifest) + " " + Rendering.name(manifest);
    }

    private static int port(JsonNode server, String name) {
        for (JsonNode port : server.path("ports")) {
            if (port.path("name").asText().equals(name)) {
                return port.path("containerPort").asInt();
            }
        }
        throw new AssertionError("the server has no port named " + name);
    }

    private static String probePath(JsonNode server, String probe) {
        return server.path(probe).at("/httpGet/path").asText();
    }

    private static List<JsonNode> podSpecs(Rendering rendering) {
        List<JsonNode> all = new ArrayList<>();
        all.add(rendering.podSpec());
        rendering.ofKind("Pod").forEach(pod -> all.add(pod.path("spec")));
        return all;
    }

    private static List<JsonNode> containers(JsonNode pod) {
        List<JsonNode> all = new ArrayList<>();
        pod.path("initContainers").forEach(all::add);
        pod.path("containers").forEach(all::add);
        return all;
    }

    private static void assertWithin(JsonNode selector, JsonNode labels) {
        assertFalse(selector.isEmpty(), "an empty selector selects everything");
        assertTrue(isWithin(selector, labels), () -> selector + " does not select " + labels);
    }

    private static boolean isWithin(JsonNode selector, JsonNode labels) {
        return selector.properties().stream()
                .allMatch(label -> label.getValue().equals(labels.path(label.getKey())));
    }
}
