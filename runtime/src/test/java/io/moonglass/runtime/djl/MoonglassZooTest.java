package io.moonglass.runtime.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.inference.Predictor;
import ai.djl.metric.Metrics;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.NotFoundException;
import io.moonglass.runtime.inprocess.DemoModel;
import io.moonglass.runtime.inprocess.InProcessModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// DJL's own classes, with a model of this process behind them.
@Timeout(120)
class MoonglassZooTest {

    private static InProcessModel model;

    @BeforeAll
    static void load() {
        model = DemoModel.builder().load();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Criteria.Builder<VisionLanguageInput, VisionLanguageOutput> criteria() {
        return Criteria.builder()
                .setTypes(VisionLanguageInput.class, VisionLanguageOutput.class)
                .optModelZoo(MoonglassZoo.of(model));
    }

    private static Image image(String name) throws IOException {
        return ImageFactory.getInstance().fromFile(DemoModel.PICTURES.resolve(name + ".png"));
    }

    @Test
    void a_question_about_a_picture_is_answered() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria().build().loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            VisionLanguageOutput output =
                    predictor.predict(
                            new VisionLanguageInput(
                                    image("shape_000"), "What is the yellow shape?"));

            assertEquals("cross", output.text());
            assertEquals("stop", output.finishReason());
            assertEquals("", output.reasoning());
        }
    }

    @Test
    void the_questions_of_a_batch_are_answered_in_their_order() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria().build().loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            List<VisionLanguageOutput> outputs =
                    predictor.batchPredict(
                            List.of(
                                    new VisionLanguageInput(
                                            image("ocr_seen_000"), "What does this say?"),
                                    new VisionLanguageInput(
                                            image("shape_000"), "What is the yellow shape?")));

            assertEquals(
                    List.of("Voge", "cross"),
                    outputs.stream().map(VisionLanguageOutput::text).toList());
        }
    }

    @Test
    void of_candidates_the_answer_is_one() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria().build().loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            String[] candidates = {"star", "cross", "heart"};

            VisionLanguageOutput output =
                    predictor.predict(
                            new VisionLanguageInput(
                                    image("shape_000"),
                                    "What is the yellow shape?",
                                    candidates,
                                    "It is a {}."));

            assertTrue(List.of(candidates).contains(output.text()), output.text());
        }
    }

    @Test
    void a_translator_of_ones_own_makes_other_types_of_it() throws Exception {
        ChatTranslator<String, Integer> length =
                new ChatTranslator<>() {
                    @Override
                    protected ChatCompletionRequest request(String question) {
                        return ChatCompletionRequest.builder().user(question).maxTokens(3).build();
                    }

                    @Override
                    protected Integer output(ChatCompletion answer) {
                        return answer.usage().completionTokens();
                    }
                };
        Criteria<String, Integer> criteria =
                Criteria.builder()
                        .setTypes(String.class, Integer.class)
                        .optModelZoo(MoonglassZoo.of(model))
                        .optTranslator(length)
                        .build();

        try (ZooModel<String, Integer> loaded = criteria.loadModel();
                Predictor<String, Integer> predictor = loaded.newPredictor()) {
            assertEquals(3, predictor.predict("Hello"));
        }
    }

    private static Criteria<VisionLanguageInput, VisionLanguagePieces> streaming() {
        return Criteria.builder()
                .setTypes(VisionLanguageInput.class, VisionLanguagePieces.class)
                .optModelZoo(MoonglassZoo.of(model))
                .build();
    }

    @Test
    void an_answer_is_read_while_it_comes() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguagePieces> loaded = streaming().loadModel();
                Predictor<VisionLanguageInput, VisionLanguagePieces> predictor =
                        loaded.newPredictor()) {
            assertTrue(predictor.supportsStreaming());
            VisionLanguageInput input =
                    new VisionLanguageInput(image("describe_000"), "What does the picture show?");

            VisionLanguagePieces pieces = predictor.streamingPredict(input).getIterativeOutput();
            List<String> read = new ArrayList<>();
            pieces.forEach(read::add);

            assertTrue(read.size() > 1, read.toString());
            VisionLanguageOutput whole = pieces.whole();
            assertEquals(
                    "A purple square, a red square, a blue star and an orange diamond.",
                    whole.text());
            assertEquals(whole.text(), String.join("", read));
            assertEquals("stop", whole.finishReason());
            assertTrue(whole.usage().completionTokens() > 1);
            assertEquals(
                    whole.text(),
                    predictor.streamingPredict(input).getAsyncOutput().whole().text());
            assertEquals(whole.text(), predictor.predict(input).whole().text());
        }
    }

    @Test
    void pieces_that_are_closed_early_end_the_generation() throws Exception {
        Criteria<VisionLanguageInput, VisionLanguagePieces> endless =
                Criteria.builder()
                        .setTypes(VisionLanguageInput.class, VisionLanguagePieces.class)
                        .optModelZoo(MoonglassZoo.of(model))
                        .optTranslator(
                                new VisionLanguageStreamTranslator(
                                        request -> request.ignoreEos(true)))
                        .build();
        try (ZooModel<VisionLanguageInput, VisionLanguagePieces> loaded = endless.loadModel();
                Predictor<VisionLanguageInput, VisionLanguagePieces> predictor =
                        loaded.newPredictor()) {
            predictor
                    .streamingPredict(new VisionLanguageInput(null, "Hello"))
                    .getIterativeOutput()
                    .close();

            while (model.chatModel().statistics().engine().numRunning() > 0) {
                Thread.sleep(5);
            }
        }
    }

    @Test
    void whole_outputs_are_not_streamed() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria().build().loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            assertFalse(predictor.supportsStreaming());
            assertThrows(
                    IllegalStateException.class,
                    () -> predictor.streamingPredict(new VisionLanguageInput(null, "Hello")));
        }
    }

    @Test
    void djls_metrics_count_the_models_work_as_inference() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria().build().loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            Metrics metrics = new Metrics();
            predictor.setMetrics(metrics);
            predictor.predict(new VisionLanguageInput(null, "Hello"));

            assertTrue(metrics.hasMetric("Inference"));
        }
    }

    @Test
    void types_that_nobody_translates_find_no_model() {
        Criteria<String, String> criteria =
                Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optModelZoo(MoonglassZoo.of(model))
                        .build();

        ModelNotFoundException fault =
                assertThrows(ModelNotFoundException.class, criteria::loadModel);

        assertTrue(fault.getCause().getMessage().contains("want VisionLanguageInput"));
    }

    @Test
    void a_translator_of_tensors_is_refused() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                criteria().build().loadModel()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> loaded.newPredictor(new NoopTranslator()));
        }
    }

    @Test
    void a_model_of_another_name_is_not_found() {
        assertThrows(
                NotFoundException.class,
                () -> criteria().optModelName("another").build().loadModel());
    }

    @Test
    void what_cannot_be_asked_is_a_fault_of_that_prediction_alone() throws Exception {
        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                        criteria()
                                .optTranslator(
                                        new VisionLanguageTranslator(
                                                request -> request.maxTokens(1 << 30)))
                                .build()
                                .loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        loaded.newPredictor()) {
            TranslateException fault =
                    assertThrows(
                            TranslateException.class,
                            () -> predictor.predict(new VisionLanguageInput(null, "Hello")));

            assertTrue(
                    fault.getCause() instanceof BadRequestException
                            || fault.getCause()
                                    instanceof io.moonglass.clients.RequestTooLargeException);
        }
    }

    @Test
    void a_closed_model_that_was_loaded_for_djl_is_given_back() throws Exception {
        ZooModel<VisionLanguageInput, VisionLanguageOutput> loaded =
                criteria()
                        .optModelZoo(MoonglassZoo.ofFolder(DemoModel.builder()))
                        .build()
                        .loadModel();
        Predictor<VisionLanguageInput, VisionLanguageOutput> predictor = loaded.newPredictor();
        loaded.close();
        loaded.close(); // a second time changes nothing

        assertThrows(
                Exception.class, () -> predictor.predict(new VisionLanguageInput(null, "Hello")));
    }
}
