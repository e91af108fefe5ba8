package io.moonglass.server.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MediaSource;
import io.moonglass.server.load.ConversationPlan.Turn;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadPlanTest {

    @TempDir private Path folder;

    @Test
    void the_same_seed_plans_the_same_and_another_seed_something_else() throws IOException {
        LoadMix mix =
                mix(
                        """
                        "turns": 2, "system": {"tokens": 5}, "prompts": [{"tokens": 9}],
                        "pictures": [{"size": "9x7"}, {"size": "5x5", "pool": 3, "every_turn": true}],
                        "think": {"seconds": 1, "distribution": "exponential"}, "cancel": 0.5
                        """);

        assertEquals(plans(mix, 1, 40), plans(mix, 1, 40));
        assertNotEquals(plans(mix, 1, 2), plans(mix, 2, 2));
    }

    @Test
    void the_last_conversation_is_cut_short_to_the_number_of_requests() throws IOException {
        List<ConversationPlan> plans =
                plans(mix("\"turns\": 3, \"prompts\": [{\"tokens\": 2}]"), 1, 8);

        assertEquals(List.of(3, 3, 2), plans.stream().map(plan -> plan.turns().size()).toList());
    }

    @Test
    void filler_has_as_many_words_as_tokens_are_wanted_and_is_new_in_every_turn()
            throws IOException {
        List<ConversationPlan> plans =
                plans(mix("\"turns\": 5, \"prompts\": [{\"tokens\": 50}]"), 1, 100);

        List<String> texts =
                plans.stream().flatMap(plan -> plan.turns().stream()).map(Turn::text).toList();
        assertTrue(texts.stream().allMatch(text -> text.split(" ").length == 50));
        assertEquals(100, new HashSet<>(texts).size());
    }

    @Test
    void the_system_message_is_the_same_in_all_conversations() throws IOException {
        List<ConversationPlan> plans =
                plans(mix("\"system\": {\"tokens\": 50}, \"prompts\": [{\"tokens\": 1}]"), 1, 9);

        assertEquals(1, plans.stream().map(ConversationPlan::system).distinct().count(), "of nine");
        assertEquals(50, plans.getFirst().system().orElseThrow().split(" ").length);
    }

    @Test
    void pictures_are_new_in_every_conversation_unless_there_is_a_pool() throws IOException {
        String prompts = "\"prompts\": [{\"tokens\": 1}], ";
        LoadMix own = mix(prompts + "\"pictures\": [{\"size\": \"20x10\", \"count\": 2}]");
        LoadMix shared =
                mix(prompts + "\"pictures\": [{\"size\": \"20x10\", \"count\": 2, \"pool\": 3}]");

        assertEquals(60, differentPictures(plans(own, 1, 30)));
        assertEquals(3, differentPictures(plans(shared, 1, 30)));
    }

    @Test
    void pictures_belong_to_the_first_turn_unless_every_turn_shows_some() throws IOException {
        LoadMix mix =
                mix(
                        """
                        "turns": 2, "prompts": [{"tokens": 1}],
                        "pictures": [{"size": "9x9", "count": 2}, {"size": "5x5", "every_turn": true}]
                        """);

        List<Turn> turns = plans(mix, 1, 2).getFirst().turns();

        assertEquals(3, turns.get(0).pictures().size());
        assertEquals(1, turns.get(1).pictures().size());
    }

    @Test
    void painted_pictures_are_of_the_wanted_size_and_form() throws IOException {
        for (String format : List.of("png", "jpeg")) {
            LoadMix mix =
                    mix(
                            "\"prompts\": [{\"tokens\": 1}], \"pictures\": [{\"size\": \"61x23\", \"format\": \"%s\"}]"
                                    .formatted(format));
            ContentPart.Image picture =
                    (ContentPart.Image)
                            plans(mix, 1, 1).getFirst().turns().getFirst().pictures().getFirst();

            byte[] bytes = ((MediaSource.Bytes) picture.source()).bytes();
            BufferedImage decoded = ImageIO.read(new ByteArrayInputStream(bytes));

            assertEquals(format.equals("png"), bytes[1] == 'P');
            assertEquals(61, decoded.getWidth());
            assertEquals(23, decoded.getHeight());
        }
    }

    @Test
    void think_times_are_all_alike_or_spread_around_their_mean() {
        SplittableRandom random = new SplittableRandom(1);
        ThinkTime fixed = new ThinkTime(Duration.ofSeconds(2), false);
        ThinkTime spread = new ThinkTime(Duration.ofSeconds(2), true);
        double sum = 0;
        Set<Duration> different = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            assertEquals(Duration.ofSeconds(2), fixed.draw(random));
            Duration time = spread.draw(random);
            different.add(time);
            sum += time.toNanos() / 1e9;
        }

        assertEquals(2, sum / 10_000, 0.1);
        assertTrue(different.size() > 9_000);
    }

    @Test
    void cancellations_come_at_all_stages_and_as_often_as_wanted() throws IOException {
        LoadMix mix = mix("\"prompts\": [{\"tokens\": 1}], \"cancel\": 0.2, \"max_tokens\": 10");
        int numBefore = 0;
        Set<Integer> numPieces = new HashSet<>();
        int numCancelled = 0;
        for (ConversationPlan plan : plans(mix, 1, 2_000)) {
            Optional<Cancellation> cancellation = plan.turns().getFirst().cancellation();
            numCancelled += cancellation.isPresent() ? 1 : 0;
            switch (cancellation.orElse(null)) {
                case null -> {}
                case Cancellation.BeforeText(double share) -> {
                    assertTrue(share >= 0 && share < 1);
                    numBefore++;
                }
                case Cancellation.AmidText(int pieces) -> numPieces.add(pieces);
            }
        }

        assertEquals(400, numCancelled, 60);
        assertEquals(200, numBefore, 50);
        assertEquals(Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), numPieces);
    }

    private static long differentPictures(List<ConversationPlan> plans) {
        return plans.stream()
                .flatMap(plan -> plan.turns().stream())
                .flatMap(turn -> turn.pictures().stream())
                .distinct()
                .count();
    }

    private static List<ConversationPlan> plans(LoadMix mix, long seed, long numRequests) {
        LoadPlan plan = new LoadPlan(mix, seed, OptionalLong.of(numRequests));
        List<ConversationPlan> plans = new ArrayList<>();
        for (Optional<ConversationPlan> next = plan.next(); next.isPresent(); next = plan.next()) {
            plans.add(next.get());
            assertTrue(plans.size() <= numRequests, "a conversation has at least one request");
        }
        return plans;
    }

    private LoadMix mix(String keys) throws IOException {
        String json = "{\"scenarios\": [{\"name\": \"a\", %s}]}".formatted(keys);
        return LoadMix.named(Files.writeString(folder.resolve("mix.json"), json).toString());
    }
}
