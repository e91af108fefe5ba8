package io.moonglass.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.runtime.media.MediaStatistics;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What becomes of encoded pictures after their request.
class PictureReuseTest {

    private static final GoldenPrompt PROMPT = GoldenPrompt.named("image");
    private static final ChatModelOptions OPTIONS = ChatModelOptions.DEFAULT.withNumThreads(2);

    @Test
    void a_picture_that_comes_again_is_not_encoded_again_and_gets_the_same_answer()
            throws Exception {
        try (LocalChatModel model = load(OPTIONS)) {
            Answer first = Answer.to(model, GoldenRequests.of(PROMPT));
            first.finished();
            MediaStatistics before = model.statistics().media();
            Answer again = Answer.to(model, GoldenRequests.withAddresses(PROMPT));
            again.finished();
            MediaStatistics after = model.statistics().media();

            assertEquals(PROMPT.newIds(), first.finished().tokenIds());
            assertEquals(PROMPT.newIds(), again.finished().tokenIds());
            assertTrue(before.encodedPictures() > 0 && before.encodedPixels() > 0);
            assertTrue(before.cacheBytes() > 0 && before.pixelsPerSecond() > 0);
            assertEquals(before.encodedPictures(), after.encodedPictures());
            assertEquals(PROMPT.images().size(), after.cacheHits() - before.cacheHits());
        }
    }

    @Test
    void another_tenants_picture_is_encoded_for_it() throws Exception {
        try (LocalChatModel model = load(OPTIONS)) {
            ChatRequest request = GoldenRequests.of(PROMPT);
            for (RequestScope scope :
                    List.of(new RequestScope("a", "", 0), new RequestScope("b", "", 0))) {
                Answer answer = Answer.to(model, request.withScope(scope));
                assertEquals(PROMPT.newIds(), answer.finished().tokenIds());
            }
            assertEquals(0, model.statistics().media().cacheHits());
        }
    }

    @Test
    void where_nothing_is_kept_rows_go_with_the_last_answer() throws Exception {
        try (LocalChatModel model =
                load(OPTIONS.withMedia(MediaOptions.DEFAULT.withCacheBytes(0)))) {
            List<Answer> answers = List.of(new Answer(), new Answer(), new Answer());
            model.generate(GoldenRequests.of(PROMPT), List.copyOf(answers), () -> false);
            for (Answer answer : answers) {
                assertEquals(PROMPT.newIds(), answer.finished().tokenIds());
            }
            assertEquals(0, model.statistics().media().cacheBytes());

            Answer cancelled = new Answer();
            Generation generation = model.generate(endless(), cancelled);
            cancelled.awaitBeginning();
            assertTrue(model.statistics().media().cacheBytes() > 0);
            generation.cancel();
            assertEquals(FinishReason.CANCELLED, cancelled.finished().reason());
            assertEquals(0, model.statistics().media().cacheBytes());
        }
    }

    @Test
    void a_warm_up_really_encodes_in_every_round() {
        try (LocalChatModel model = load(OPTIONS)) {
            model.warmUp();

            MediaStatistics media = model.statistics().media();
            assertTrue(media.cacheQueries() > 1);
            assertEquals(media.cacheQueries(), media.encodedPictures());
        }
    }

    @Test
    void sizes_that_mean_nothing_are_refused() {
        assertThrows(ConfigException.class, () -> MediaOptions.DEFAULT.withCacheBytes(-1));
        assertThrows(ConfigException.class, () -> MediaOptions.DEFAULT.withMaxPixelsInWork(0));
    }

    private static ChatRequest endless() {
        ChatRequest request = GoldenRequests.of(PROMPT);
        return ChatRequest.of(request.messages(), SamplingParameters.GREEDY)
                .withAnswer(answer -> answer.ignoreEos(true));
    }

    private static LocalChatModel load(ChatModelOptions options) {
        return LocalChatModel.load(TestModels.tinyRandom(), options);
    }
}
