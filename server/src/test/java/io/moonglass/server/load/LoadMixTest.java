package io.moonglass.server.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoadMixTest {

    private static final Path DOCUMENTATION =
            Path.of("").toAbsolutePath().getParent().resolve("docs/load.md");

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"chat", "soak", "streams", "vqa"})
    void a_built_in_mix_is_taken_by_its_name(String name) {
        LoadMix mix = LoadMix.named(name);

        assertEquals(name, mix.name());
        assertFalse(mix.scenarios().isEmpty());
        assertTrue(LoadMix.BUILT_IN.contains(name));
    }

    @Test
    void the_documented_mix_says_what_it_says() throws IOException {
        Matcher example =
                Pattern.compile("(?ms)^```json\\n(.*?)^```$")
                        .matcher(Files.readString(DOCUMENTATION));
        assertTrue(example.find());

        Scenario agent = read(example.group(1)).scenarios().getFirst();

        assertEquals("agent", agent.name());
        assertEquals(3, agent.weight());
        assertEquals(5, agent.numTurns());
        assertEquals(Optional.of(new PromptText.Filler(400)), agent.system());
        assertEquals(new PromptText.Written("Which shape is the largest?"), agent.prompt(0));
        assertEquals(new PromptText.Filler(40), agent.prompt(1));
        assertEquals(new PromptText.Filler(40), agent.prompt(4));
        assertEquals(
                List.of(
                        new PictureSet.Drawn(448, 448, PicturePainter.Format.JPEG, 1, 8, false),
                        new PictureSet.Drawn(280, 140, PicturePainter.Format.PNG, 1, 0, true)),
                agent.pictures());
        assertEquals(100, agent.maxTokens());
        assertTrue(agent.ignoreEos());
        assertEquals(0.7, agent.temperature());
        assertEquals(new ThinkTime(Duration.ofMillis(2500), true), agent.think());
        assertEquals(0.05, agent.cancelShare());
        assertEquals(OptionalInt.of(1), agent.priority());
        assertEquals(Optional.of("team-a"), agent.cacheSalt());
    }

    @Test
    void what_a_scenario_does_not_say_is_left_out() throws IOException {
        Scenario scenario =
                read("{\"scenarios\":[{\"name\":\"a\",\"prompts\":[{\"text\":\"hi\"}]}]}")
                        .scenarios()
                        .getFirst();

        assertEquals(1, scenario.numTurns());
        assertEquals(128, scenario.maxTokens());
        assertFalse(scenario.ignoreEos());
        assertEquals(ThinkTime.NONE, scenario.think());
        assertEquals(0, scenario.cancelShare());
        assertEquals(OptionalInt.empty(), scenario.priority());
        assertEquals(Optional.empty(), scenario.cacheSalt());
        assertEquals(Optional.empty(), scenario.system());
    }

    @Test
    void a_picture_may_lie_beside_the_mix() throws IOException {
        Files.write(folder.resolve("a.bmp"), new byte[] {'B', 'M', 0});

        Scenario scenario =
                read(scenario("\"pictures\": [{\"file\": \"a.bmp\", \"every_turn\": true}]"))
                        .scenarios()
                        .getFirst();

        assertInstanceOf(PictureSet.FromFile.class, scenario.pictures().getFirst());
        assertTrue(scenario.pictures().getFirst().everyTurn());
    }

    @Test
    void scenarios_come_as_often_as_their_weights_say() throws IOException {
        LoadMix mix =
                read(
                        """
                        {"scenarios": [
                          {"name": "rare", "weight": 1, "prompts": [{"text": "a"}]},
                          {"name": "often", "weight": 3, "prompts": [{"text": "b"}]}
                        ]}
                        """);
        RandomGenerator random = new SplittableRandom(1);
        int numOften = 0;
        for (int i = 0; i < 10_000; i++) {
            numOften += mix.draw(random);
        }

        assertEquals(7_500, numOften, 200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    "turn": 2                                    | scenarios[0]: unknown key "turn"; want name, weight, turns,
                    "turns": 0                                   | scenarios[0].turns is 0; want a positive integer
                    "weight": -1                                 | scenarios[0].weight is -1; want a number above 0
                    "prompts": []                                | scenarios[0].prompts is []; want a list of at least one text
                    "prompts": ["hi"]                            | scenarios[0].prompts is ["hi"]; want a list of objects
                    "prompts": [{}]                              | scenarios[0].prompts[0]: want either a text or a number of tokens
                    "prompts": [{"text": "a", "tokens": 1}]      | scenarios[0].prompts[0]: want either a text or a number of tokens
                    "prompts": [{"words": 1}]                    | scenarios[0].prompts[0]: unknown key "words"; want text, tokens
                    "system": {"tokens": "many"}                 | scenarios[0].system.tokens is "many"; want a positive integer
                    "pictures": [{"size": "448"}]                | scenarios[0].pictures[0].size is "448"; want WIDTHxHEIGHT
                    "pictures": [{"size": "0x9"}]                | scenarios[0].pictures[0].size is "0x9"; want WIDTHxHEIGHT
                    "pictures": [{"size": "99999x9"}]            | at most 16384 a side
                    "pictures": [{"size": "9x9", "format": "gif"}] | scenarios[0].pictures[0].format is "gif"; want "jpeg" or "png"
                    "pictures": [{"size": "9x9", "count": 3, "pool": 2}] | pool is 2; want 0, or at least the count, which is 3
                    "pictures": [{"file": "none.png"}]           | scenarios[0].pictures[0].file: FOLDER/none.png cannot be read
                    "pictures": [{"file": "a", "size": "9x9"}]   | scenarios[0].pictures[0]: unknown key "size"; want file, every_turn
                    "think": {"seconds": 1, "distribution": "x"} | scenarios[0].think.distribution is "x"; want "fixed" or "exponential"
                    "think": {"seconds": 0}                      | scenarios[0].think.seconds is 0; want a number above 0
                    "cancel": 1.5                                | scenarios[0].cancel is 1.5; want a number from 0 to 1
                    "priority": "high"                           | scenarios[0].priority is "high"; want an integer
                    "priority": [1]                              | scenarios[0].priority is [1]; want an integer
                    "name": 3                                    | scenarios[0].name is 3; want a string
                    """)
    void a_scenario_that_cannot_be_used_is_named_by_its_place(String keys, String message) {
        ConfigException fault = assertThrows(ConfigException.class, () -> read(scenario(keys)));

        assertTrue(
                fault.getMessage().startsWith(folder + "/mix.json: scenarios[0]"),
                fault.getMessage());
        assertTrue(
                fault.getMessage().contains(message.replace("FOLDER", folder.toString())),
                fault.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    []                                | mix.json: want one JSON object
                    {}                                | mix.json: scenarios is missing; want a list of at least one scenario
                    {"scenarios": [], "seed": 1}      | mix.json: unknown key "seed"; want scenarios
                    {"scenarios": [                   | mix.json line 1: no valid JSON
                    {"scenarios": [{"name": "a", "prompts": [{"text": "a"}]}, {"name": "a", "prompts": [{"text": "a"}]}]} | mix.json: two scenarios are called "a"
                    """)
    void a_file_that_is_no_mix_is_named(String json, String message) {
        ConfigException fault = assertThrows(ConfigException.class, () -> read(json));

        assertTrue(fault.getMessage().contains(message), fault.getMessage());
    }

    @Test
    void a_mix_that_is_not_there_is_answered_with_those_that_are() {
        ConfigException fault =
                assertThrows(ConfigException.class, () -> LoadMix.named("/nowhere.json"));

        assertEquals(
                "--mix /nowhere.json: no such file; want a JSON file, or a built-in mix: chat, soak, streams, vqa",
                fault.getMessage());
    }

    /// A scenario that can be used, but for these keys.
    private static String scenario(String keys) {
        String prompts = keys.contains("prompts") ? "" : "\"prompts\": [{\"text\": \"hi\"}], ";
        String name = keys.contains("\"name\"") ? "" : "\"name\": \"a\", ";
        return "{\"scenarios\": [{%s%s%s}]}".formatted(name, prompts, keys);
    }

    private LoadMix read(String json) throws IOException {
        return LoadMix.named(Files.writeString(folder.resolve("mix.json"), json).toString());
    }
}
