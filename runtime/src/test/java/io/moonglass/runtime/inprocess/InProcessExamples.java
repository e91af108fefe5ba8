package io.moonglass.runtime.inprocess;

import ai.djl.inference.Predictor;
import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.VisionLanguageInput;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.runtime.djl.ChatTranslator;
import io.moonglass.runtime.djl.MoonglassZoo;
import io.moonglass.runtime.djl.VisionLanguageOutput;
import io.moonglass.runtime.djl.VisionLanguagePieces;
import io.moonglass.runtime.djl.VisionLanguageTranslator;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/// The code of docs/in-process.md.
///
/// @param pictures a folder of the demo model's pictures
record InProcessExamples(Path pictures, PrintStream out) {

    void ask(Path folder) {
        try (InProcessModel model = InProcessModel.load(folder)) {
            MoonglassClient client = model.client();
            Path picture = pictures.resolve("shape_000.png");

            String answer = client.ask("What is the yellow shape?", ContentPart.image(picture));
            out.println(answer);
        }
    }

    InProcessModel load(Path folder, Path cache) {
        return InProcessModel.builder(folder)
                .name("demo")
                .weights(WeightFormat.Q8)
                .cache(cache)
                .threads(2)
                .kvMemory(64L << 20)
                .load();
    }

    void stream(MoonglassClient client) {
        ChatCompletionRequest request =
                ChatCompletionRequest.builder()
                        .user(
                                "What does the picture show?",
                                ContentPart.image(pictures.resolve("describe_000.png")))
                        .temperature(0)
                        .build();
        try (AnswerStream<ChatCompletionChunk> answer = client.stream(request)) {
            for (ChatCompletionChunk chunk : answer) {
                out.print(chunk.text());
            }
        }
    }

    void predict(Path folder) throws Exception {
        Criteria<VisionLanguageInput, VisionLanguageOutput> criteria =
                Criteria.builder()
                        .setTypes(VisionLanguageInput.class, VisionLanguageOutput.class)
                        .optModelZoo(MoonglassZoo.ofFolder(folder))
                        .build();

        try (ZooModel<VisionLanguageInput, VisionLanguageOutput> model = criteria.loadModel();
                Predictor<VisionLanguageInput, VisionLanguageOutput> predictor =
                        model.newPredictor()) {
            Image image = ImageFactory.getInstance().fromFile(pictures.resolve("shape_000.png"));
            VisionLanguageOutput output =
                    predictor.predict(new VisionLanguageInput(image, "What is the yellow shape?"));
            out.println(output.text());
        }
    }

    void streamPrediction(InProcessModel loaded) throws Exception {
        Criteria<VisionLanguageInput, VisionLanguagePieces> criteria =
                Criteria.builder()
                        .setTypes(VisionLanguageInput.class, VisionLanguagePieces.class)
                        .optModelZoo(MoonglassZoo.of(loaded))
                        .build();

        try (ZooModel<VisionLanguageInput, VisionLanguagePieces> model = criteria.loadModel();
                Predictor<VisionLanguageInput, VisionLanguagePieces> predictor =
                        model.newPredictor()) {
            Image image = ImageFactory.getInstance().fromFile(pictures.resolve("describe_000.png"));
            VisionLanguageInput input =
                    new VisionLanguageInput(image, "What does the picture show?");
            for (String piece : predictor.streamingPredict(input).getIterativeOutput()) {
                out.print(piece);
            }
        }
    }

    Criteria<VisionLanguageInput, VisionLanguageOutput> onServer(URI server) {
        return Criteria.builder()
                .setTypes(VisionLanguageInput.class, VisionLanguageOutput.class)
                .optModelZoo(MoonglassZoo.ofServer(server))
                .optModelName("moonglass-demo")
                .optTranslator(
                        new VisionLanguageTranslator(
                                request -> request.temperature(0).maxTokens(50)))
                .build();
    }

    /// Counts shapes.
    static final class ShapeCounter extends ChatTranslator<Path, Integer> {

        @Override
        protected ChatCompletionRequest request(Path picture) {
            return ChatCompletionRequest.builder()
                    .user("How many shapes are there?", ContentPart.image(picture))
                    .regex("[0-9]")
                    .build();
        }

        @Override
        protected Integer output(ChatCompletion answer) {
            return Integer.parseInt(answer.text());
        }
    }

    void count(InProcessModel loaded) throws Exception {
        Criteria<Path, Integer> criteria =
                Criteria.builder()
                        .setTypes(Path.class, Integer.class)
                        .optModelZoo(MoonglassZoo.of(loaded))
                        .optTranslator(new ShapeCounter())
                        .build();

        try (ZooModel<Path, Integer> model = criteria.loadModel();
                Predictor<Path, Integer> predictor = model.newPredictor()) {
            List<Integer> counts =
                    predictor.batchPredict(
                            List.of(
                                    pictures.resolve("describe_000.png"),
                                    pictures.resolve("json_000.png")));
            out.println(counts);
        }
    }
}
