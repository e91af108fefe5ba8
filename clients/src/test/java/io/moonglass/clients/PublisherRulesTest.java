package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;

/// The publishers keep the rules of Reactive Streams, as its own test kit has them.
class PublisherRulesTest {

    /// Long enough for a machine that has much else to do; only a rule that is broken takes it.
    private static final long PATIENCE_MILLIS = 20_000;

    /// How long is waited for what must not come.
    private static final long SILENCE_MILLIS = 50;

    private static final long MOST_PIECES = Integer.MAX_VALUE;

    private static final List<LoopbackServer> SERVERS = new CopyOnWriteArrayList<>();

    private static ChatCompletionRequest question() {
        return ChatCompletionRequest.of("Hello");
    }

    /// Of servers: each publisher has one of its own, since a rule may not ask for what it was made for.
    private static final class OverHttp extends Rules {

        @Override
        public Flow.Publisher<ChatCompletionChunk> createFlowPublisher(long numPieces) {
            LoopbackServer server = started();
            MoonglassClient client = server.client().cancelOnServer(false).build();
            Flow.Publisher<ChatCompletionChunk> answers = client.async().stream(question());
            return subscriber -> {
                server.answer((request, wire) -> {
                    wire.beginStream();
                    for (long i = 0; i < numPieces; i++) {
                        wire.piece("a");
                    }
                    wire.event("[DONE]");
                    wire.close();
                });
                answers.subscribe(subscriber);
            };
        }

        @Override
        public Flow.Publisher<ChatCompletionChunk> createFailedFlowPublisher() {
            LoopbackServer server = started();
            Flow.Publisher<ChatCompletionChunk> answers =
                    server.client().build().async().stream(question());
            return subscriber -> {
                server.answer(400, LoopbackServer.error("invalid_value", "no"));
                answers.subscribe(subscriber);
            };
        }
    }

    /// Of a model in this process.
    private static final class InProcess extends Rules {

        @Override
        public Flow.Publisher<ChatCompletionChunk> createFlowPublisher(long numPieces) {
            return MoonglassClient.of(new Pieces(numPieces)).async().stream(question());
        }

        @Override
        public Flow.Publisher<ChatCompletionChunk> createFailedFlowPublisher() {
            return MoonglassClient.of(new Pieces(-1)).async().stream(question());
        }
    }

    /// @param number of pieces; below 0 to refuse
    private record Pieces(long number) implements ModelService {

        @Override
        public CompletableFuture<byte[]> answer(String path, JsonNode body) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Flow.Publisher<String> stream(String path, JsonNode body) {
            return subscriber -> {
                SubmissionPublisher<String> pieces = new SubmissionPublisher<>();
                pieces.subscribe(subscriber);
                Thread thread = new Thread(() -> send(pieces), "pieces");
                thread.setDaemon(true);
                thread.start();
            };
        }

        private void send(SubmissionPublisher<String> pieces) {
            if (number < 0) {
                pieces.closeExceptionally(
                        new ServiceFault(
                                400, new ErrorBody.Detail("no", "x", null, "x"), null, null));
                return;
            }
            LongStream.range(0, number)
                    .takeWhile(i -> pieces.hasSubscribers())
                    .forEach(i -> pieces.submit(LoopbackServer.pieceOf("a")));
            pieces.close();
        }
    }

    private static LoopbackServer started() {
        LoopbackServer server = new LoopbackServer();
        SERVERS.add(server);
        return server;
    }

    @AfterAll
    static void stop() {
        SERVERS.forEach(LoopbackServer::close);
    }

    private abstract static class Rules extends FlowPublisherVerification<ChatCompletionChunk> {

        Rules() {
            super(new TestEnvironment(PATIENCE_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS), 500);
        }

        @Override
        public long maxElementsFromPublisher() {
            return MOST_PIECES;
        }
    }

    @TestFactory
    Stream<DynamicTest> the_answer_of_a_server_keeps_the_rules() {
        return rulesOf(new OverHttp());
    }

    @TestFactory
    Stream<DynamicTest> the_answer_of_a_model_in_this_process_keeps_the_rules() {
        return rulesOf(new InProcess());
    }

    private static Stream<DynamicTest> rulesOf(Rules rules) {
        List<Method> all =
                Arrays.stream(rules.getClass().getMethods())
                        .filter(rule -> rule.getName().startsWith("required_"))
                        .toList();
        assertTrue(all.size() > 20, "rules: " + all);
        return all.stream()
                .map(rule -> DynamicTest.dynamicTest(rule.getName(), () -> check(rules, rule)));
    }

    private static void check(Rules rules, Method rule) throws Throwable {
        rules.setUp();
        try {
            rule.invoke(rules);
        } catch (InvocationTargetException e) {
            // a rule of another kind of publisher, or one that cannot be checked
            Assumptions.assumeFalse(
                    e.getCause() instanceof SkipException, e.getCause()::getMessage);
            throw e.getCause();
        }
    }
}
