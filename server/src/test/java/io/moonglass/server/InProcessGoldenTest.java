package io.moonglass.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.inference.Predictor;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.runtime.djl.MoonglassZoo;
import io.moonglass.runtime.djl.VisionLanguageOutput;
import io.moonglass.runtime.djl.VisionLanguageTranslator;
import io.moonglass.runtime.inprocess.InProcessModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The recorded prompts get the same answers of a model in this process, of a server and of DJL's predictors on both. Server
/// and process have loaded the models each for itself.
@Timeout(120)
class InProcessGoldenTest {

    private static final Path DEMO = Path.of(System.getProperty("moonglass.demo-model"));
    private static final ChatModelOptions OPTIONS = ChatModelOptions.DEFAULT.withNumThreads(2);

    private static Model tiny;
    private static Model demo;

    /// One checkpoint behind a server and in this process.
    private record Model(
            Path folder, ChatModel served, MoonglassServer server, InProcessModel local)
            implements AutoCloseable {

        static Model start(Path folder) {
            ChatModel served = LocalChatModel.load(folder, OPTIONS);
            return new Model(
                    folder,
                    served,
                    MoonglassServer.start(
                            served,
                            ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO)),
                    InProcessModel.builder(folder).threads(OPTIONS.numThreads()).load());
        }

        URI address() {
            return URI.create("http://127.0.0.1:" + server.port());
        }

        @Override
        public void close() {
            local.close();
            server.close();
            served.close();
        }
    }

    @BeforeAll
    static void start() {
        tiny = Model.start(TestModels.tinyRandom());
        demo = Model.start(DEMO);
    }

    @AfterAll
    static void stop() {
        tiny.close();
        demo.close();
    }

    static Stream<GoldenPrompt> tinyPrompts() {
        return GoldenPrompt.all();
    }

    static Stream<GoldenPrompt> demoPrompts() {
        return GoldenPrompt.in(DEMO.resolveSibling("golden"));
    }

    @ParameterizedTest
    @MethodSource("tinyPrompts")
    void the_tiny_models_answers_are_the_same_in_process_and_over_http(GoldenPrompt prompt) {
        assertSameAnswers(tiny, prompt);
    }

    @ParameterizedTest
    @MethodSource("demoPrompts")
    void the_demo_models_answers_are_the_same_in_process_and_over_http(GoldenPrompt prompt) {
        assertSameAnswers(demo, prompt);
    }

    private static void assertSameAnswers(Model model, GoldenPrompt prompt) {
        MoonglassClient local = model.local().client();
        ChatCompletionRequest request = request(prompt);

        ChatCompletion overHttp = MoonglassClient.of(model.address()).chat(request);
        ChatCompletion inProcess = local.chat(request);
        List<ChatCompletionChunk> chunks = new ArrayList<>();
        local.stream(request, chunks::add);

        assertEquals(prompt.newText(), overHttp.text());
        assertEquals(overHttp.choices(), inProcess.choices());
        assertEquals(overHttp.images(), inProcess.images());
        assertEquals(prompt.numPromptTokens(), inProcess.usage().promptTokens());
        assertEquals(
                prompt.newText(),
                chunks.stream().map(ChatCompletionChunk::text).collect(Collectors.joining()));
        assertEquals(
                prompt.newIds(),
                chunks.stream()
                        .flatMap(chunk -> chunk.choices().stream())
                        .filter(choice -> choice.tokenIds() != null)
                        .findFirst()
                        .orElseThrow()
                        .tokenIds());
        assertEquals(overHttp.usage().totalTokens(), chunks.getLast().usage().totalTokens());
    }

    static Stream<GoldenPrompt> tinyQuestions() {
        return tinyPrompts().filter(InProcessGoldenTest::isQuestionAboutOnePicture);
    }

    static Stream<GoldenPrompt> demoQuestions() {
        return demoPrompts().filter(InProcessGoldenTest::isQuestionAboutOnePicture);
    }

    private static boolean isQuestionAboutOnePicture(GoldenPrompt prompt) {
        return prompt.messages().size() == 1 && prompt.images().size() == 1;
    }

    @ParameterizedTest
    @MethodSource("tinyQuestions")
    void djls_predictors_on_the_tiny_model_answer_as_recorded(GoldenPrompt prompt)
            throws Exception {
        assertPredicts(tiny, prompt);
    }

    @ParameterizedTest
    @MethodSource("demoQuestions")
    void djls_predictors_on_the_demo_model_answer_as_recorded(GoldenPrompt prompt)
            throws Exception {
        assertPredicts(demo, prompt);
    }

    private static void assertPredicts(Model model, GoldenPrompt prompt) throws Exception {
        VisionLanguageInput input =
                new VisionLanguageInput(
                        ImageFactory.getInstance().fromFile(prompt.images().getFirst()),
                        prompt.messages().get(0).get("content").get(1).get("text").textValue());
        for (MoonglassZoo zoo :
                List.of(MoonglassZoo.of(model.local()), MoonglassZoo.ofServer(model.address()))) {
            Criteria<VisionLanguageInput, VisionLanguageOutput> criteria =
                    Criteria.builder()
                            .setTypes(VisionLanguageInput.class, VisionLanguageOutput.class)
                            .optModelZoo(zoo)
                            .optTranslator(
                                    new VisionLanguageTranslator(
                                            request -> asRecorded(request, prompt)))
                            .build();
            try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded = criteria.loadModel();
                    Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                            loaded.newPredictor()) {
                VisionLanguageOutput output = predictor.predict(input);

                assertEquals(prompt.newText(), output.text());
                assertEquals("length", output.finishReason());
                assertEquals(prompt.numPromptTokens(), output.usage().promptTokens());
            }
        }
    }

    private static ChatCompletionRequest request(GoldenPrompt prompt) {
        Iterator<Path> pictures = prompt.images().iterator();
        ChatCompletionRequest.Builder request = ChatCompletionRequest.builder();
        for (JsonNode message : prompt.messages()) {
            List<ContentPart> parts = new ArrayList<>();
            JsonNode content = message.get("content");
            if (content.isTextual()) {
                parts.add(ContentPart.text(content.textValue()));
            }
            for (JsonNode part : content) {
                parts.add(
                        part.has("image")
                                ? ContentPart.image(pictures.next())
                                : ContentPart.text(part.get("text").textValue()));
            }
            request.message(new ChatMessage(message.get("role").textValue(), parts));
        }
        return asRecorded(request, prompt).returnTokenIds(true).includeUsage().build();
    }

    private static ChatCompletionRequest.Builder asRecorded(
            ChatCompletionRequest.Builder request, GoldenPrompt prompt) {
        return request.temperature(0)
                .maxTokens(prompt.newIds().size())
                .ignoreEos(true)
                .skipSpecialTokens(false);
    }
}
