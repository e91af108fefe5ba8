package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Values that cannot be meant are refused before anything is installed, and the refusal says why.
class ChartValuesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    replcas: 2                                      | replcas
                    autoscaling: {mode: sometimes}                  | autoscaling/mode
                    autoscaling: {hpa: {metric: x}}                 | metric
                    autoscaling: {targetPerSlot: 0}                 | targetPerSlot
                    model: {source: ftp}                            | source
                    model: {name: "a b"}                            | model/name
                    model: {pvc: {path: ../../etc}}                 | path
                    model: {maxLoadSeconds: "30 min"}               | maxLoadSeconds
                    image: {digest: "sha256:1234"}                  | digest
                    drain: {timeoutSeconds: -1}                     | timeoutSeconds
                    resources: {limits: {memory: 24 GB}}            | memory
                    config: {serving: {port: 1}}                    | serving
                    config: {batching: {maxRunning: 3}}             | maxRunning
                    config: {batching: {max-running: {a: 1}}}       | max-running
                    apiKeys: {lines: ["team sk-in-the-clear"]}      | lines
                    ports: {http: 80}                               | ports/http
                    pdb: {maxUnavailable: lots}                     | maxUnavailable
                    networkPolicy: {enabled: "yes"}                 | enabled
                    inferencePool: {failureMode: FailSoft}          | failureMode
                    log: {level: loud}                              | level
                    otlp: {endpoint: "collector:4318"}              | endpoint
                    prometheusRule: {disabled: [Watchdog]}          | disabled
                    cache: {type: hostPath}                         | cache/type
                    service: {sessionAffinity: Cookie}              | sessionAffinity
                    """)
    void the_schema_refuses_what_is_misspelt_or_out_of_range(String values, String where) {
        assertRefused(values, where);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    drain: {gracePeriodSeconds: 114}                                          | preStopSeconds + timeoutSeconds + 10, which are 115
                    model: {pvc: {claimName: ""}}                                             | name the claim that holds the checkpoint
                    model: {source: initContainer}                                            | say which volume
                    model: {source: image}                                                    | name the image that holds the checkpoint
                    model: {additional: [{name: kimi-vl, claimName: b}]}                      | two models are named kimi-vl
                    config: {server: {port: 1}}                                               | use ports.http
                    config: {log: {level: debug}}                                             | use log.level
                    config: {operations: {key-file: /x}}                                      | use operations.existingSecret
                    apiKeys: {existingSecret: a, lines: ["a e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]} | want one of them
                    tls: {clientCaSecret: a}                                                  | need the server's certificate
                    ports: {http: 9090}                                                       | want two
                    autoscaling: {mode: hpa, minReplicas: 5}                                  | above maxReplicas 4
                    autoscaling: {mode: hpa, minReplicas: 0}                                  | which an HPA cannot do
                    autoscaling: {mode: keda, minReplicas: 0}                                 | want autoscaling.keda.query
                    jvm: {options: [-XX:+UseZGC]}                                             | has chosen the collector
                    updateStrategy: {maxSurge: 0}                                             | no pod could be replaced
                    serviceMonitor: {enabled: true}, podMonitor: {enabled: true}              | scraped twice
                    inferencePool: {create: true}                                             | name the Service of the endpoint picker
                    ingress: {enabled: true}                                                  | ingress.hosts is empty
                    httpRoute: {enabled: true}                                                | a route without a gateway
                    pdb: {maxUnavailable: 0}                                                  | no node could ever be drained
                    """)
    void values_that_contradict_each_other_are_refused_with_the_way_out(String values, String why) {
        assertRefused(values, why);
    }

    @Test
    void the_server_gets_the_settings_that_the_values_hold_beside_the_charts_own()
            throws IOException {
        JsonNode settings =
                Chart.withTests()
                        .renderText(
                                """
                                config:
                                  media: {allow-media-host: [a.example.com, b.example.com], workers: 2}
                                  server: {max-body-size: 64MiB}
                                drain: {timeoutSeconds: 30}
                                """)
                        .settings();

        assertEquals(
                "[\"a.example.com\",\"b.example.com\"]",
                settings.at("/media/allow-media-host").toString());
        assertEquals(2, settings.at("/media/workers").asInt());
        assertEquals("64MiB", settings.at("/server/max-body-size").asText());
        assertEquals(30, settings.at("/server/drain-timeout").asInt());
    }

    private static void assertRefused(String values, String why) {
        IllegalStateException refusal =
                assertThrows(
                        IllegalStateException.class,
                        () -> Chart.withTests().renderText("{" + values + "}"));

        assertTrue(refusal.getMessage().contains(why), refusal::getMessage);
    }
}
