package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The stages that a model tells of real requests.
class RequestStagesTest {

    private static final GoldenPrompt PROMPT = GoldenPrompt.named("image");
    private static final ChatModelOptions OPTIONS = ChatModelOptions.DEFAULT.withNumThreads(2);

    @Test
    void a_picture_goes_through_every_stage_and_one_that_is_known_is_not_encoded_again()
            throws Exception {
        try (LocalChatModel model = LocalChatModel.load(TestModels.tinyRandom(), OPTIONS)) {
            RequestTimeline first = ask(model, 1);
            RequestTimeline again = ask(model, 1);

            assertEquals(
                    List.of(
                            Stage.ADMISSION,
                            Stage.QUEUE,
                            Stage.DECODE,
                            Stage.RESIZE,
                            Stage.ENCODE,
                            Stage.PROMPT,
                            Stage.DECODING),
                    stages(first));
            assertEquals(
                    List.of(Stage.ADMISSION, Stage.QUEUE, Stage.PROMPT, Stage.DECODING),
                    stages(again));
            assertEquals(PROMPT.newIds().size(), first.generatedTokens());
            assertTrue(first.timeToFirstToken().isPresent());
            assertEquals(0, first.cachedTokens());
            assertTrue(again.cachedTokens() > 0);
            assertEquals(first.promptTokens(), again.promptTokens());
            assertEquals(0, model.statistics().media().pending());
        }
    }

    @Test
    void several_answers_are_one_prompt_and_one_period_of_decoding() throws Exception {
        try (LocalChatModel model = LocalChatModel.load(TestModels.tinyRandom(), OPTIONS)) {
            RequestTimeline one = ask(model, 1);
            RequestTimeline three = ask(model, 3);

            assertEquals(one.promptTokens(), three.promptTokens());
            assertEquals(3 * one.generatedTokens(), three.generatedTokens());
            assertEquals(3, three.answers().values().stream().mapToInt(Integer::intValue).sum());
            assertEquals(Stage.DECODING, stages(three).getLast());
        }
    }

    @Test
    void an_answer_that_is_cancelled_leaves_no_stage_open() throws Exception {
        try (LocalChatModel model = LocalChatModel.load(TestModels.tinyRandom(), OPTIONS)) {
            RequestTimeline timeline = new RequestTimeline();
            Answer answer = new Answer();
            ChatRequest endless =
                    GoldenRequests.of(PROMPT)
                            .withMaxTokens(500)
                            .withAnswer(options -> options.ignoreEos(true));
            Generation generation = model.generate(endless, List.of(answer), timeline, () -> false);
            answer.awaitBeginning();
            assertEquals(Optional.of(Stage.DECODING), timeline.stage());

            generation.cancel();
            answer.finished();

            assertEquals(Optional.of(Stage.QUEUE), timeline.stage(), "nothing is done for it");
            assertEquals(Map.of(FinishReason.CANCELLED, 1), timeline.answers());
        }
    }

    private static RequestTimeline ask(LocalChatModel model, int numAnswers) throws Exception {
        RequestTimeline timeline = new RequestTimeline();
        List<Answer> answers = Stream.generate(Answer::new).limit(numAnswers).toList();
        model.generate(GoldenRequests.of(PROMPT), List.copyOf(answers), timeline, () -> false);
        for (Answer answer : answers) {
            answer.finished();
        }
        timeline.end();
        return timeline;
    }

    private static List<Stage> stages(RequestTimeline timeline) {
        return timeline.periods().stream().map(RequestTimeline.Period::stage).toList();
    }
}
