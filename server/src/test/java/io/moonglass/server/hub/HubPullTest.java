package io.moonglass.server.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HubPullTest {

    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";
    private static final byte[] WEIGHTS = bytes(300_000);

    @TempDir private Path directory;

    private LoopbackHub hub;

    /// Longer than any machine takes for an answer: what comes too late is asked for again.
    private Duration patience = Duration.ofMinutes(1);

    @BeforeEach
    void startHub() throws IOException {
        hub =
                new LoopbackHub()
                        .with("config.json", "{\"model_type\": \"kimi_vl\"}")
                        .with("tiktoken.model", "AA== 0\n")
                        .with("tokenizer_config.json", "{}")
                        .with("LICENSE", "MIT")
                        .with(
                                "model.safetensors.index.json",
                                "{\"weight_map\": {\"a\": \"%s\", \"b\": \"%s\"}}"
                                        .formatted(FIRST, SECOND))
                        .with(FIRST, WEIGHTS)
                        .with(SECOND, bytes(1_000))
                        .with("README.md", "# Name")
                        .with(".gitattributes", "*")
                        .with("modeling_kimi_vl.py", "import os")
                        .with("pytorch_model.bin", "pickled")
                        .with("consolidated.safetensors", bytes(10));
    }

    @AfterEach
    void stopHub() {
        hub.close();
    }

    @Test
    void a_checkpoint_comes_into_the_cache_as_hugging_faces_programs_put_it_there()
            throws Exception {
        PulledModel pulled = pull();

        Path folder = directory.resolve("models--org--name");
        assertEquals(folder.resolve("snapshots").resolve(LoopbackHub.COMMIT), pulled.directory());
        assertEquals(LoopbackHub.COMMIT, Files.readString(folder.resolve("refs/main")));
        assertArrayEquals(WEIGHTS, Files.readAllBytes(pulled.directory().resolve(FIRST)));
        assertEquals(
                Path.of("..", "..", "blobs", LoopbackHub.sha256(WEIGHTS)),
                Files.readSymbolicLink(pulled.directory().resolve(FIRST)));
        assertEquals(
                Path.of("..", "..", "blobs", LoopbackHub.gitHash(hub.files.get("config.json"))),
                Files.readSymbolicLink(pulled.directory().resolve("config.json")));
        assertEquals(7, pulled.numFiles());
    }

    @Test
    void only_what_a_checkpoint_needs_is_fetched() throws Exception {
        assertEquals(
                List.of(
                        "LICENSE",
                        "config.json",
                        FIRST,
                        SECOND,
                        "model.safetensors.index.json",
                        "tiktoken.model",
                        "tokenizer_config.json"),
                names(pull().directory()));
        assertFalse(hub.asked.stream().anyMatch(path -> path.contains("README")));
        assertFalse(hub.asked.stream().anyMatch(path -> path.contains("consolidated")));
    }

    @Test
    void what_was_pulled_is_found_by_its_name_and_not_fetched_again() throws Exception {
        Path snapshot = pull().directory();
        hub.asked.clear();

        assertEquals(snapshot, pull().directory());

        assertFalse(
                hub.asked.stream().anyMatch(path -> path.contains("/resolve/")),
                hub.asked::toString);
        PulledModels models = new PulledModels(directory);
        assertEquals(Optional.of(snapshot), models.find("org/name"));
        assertEquals(Optional.of(snapshot), models.find("org/name@" + LoopbackHub.COMMIT));
        assertEquals(Optional.empty(), models.find("org/name@v2"));
        assertEquals(Optional.empty(), models.find("org/other"));
        assertEquals(Optional.empty(), models.find("../name"));
    }

    @Test
    void a_connection_that_breaks_is_taken_up_where_it_broke() throws Exception {
        hub.breaksAfter = 100_000;

        Path snapshot = pull().directory();

        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve(FIRST)));
        assertEquals(
                List.of("", " bytes=100000-", " bytes=200000-"),
                hub.asked.stream()
                        .filter(path -> path.contains(FIRST))
                        .map(path -> path.replaceFirst(".*safetensors", ""))
                        .toList());
    }

    @Test
    void what_a_run_has_begun_the_next_goes_on_with() throws Exception {
        hub.breaksAfter = 0;
        assertThrows(HubException.class, this::pull);
        assertFalse(Files.exists(directory.resolve("models--org--name/snapshots")));
        Path partial =
                directory.resolve(
                        "models--org--name/blobs/%s.moonglass-partial"
                                .formatted(LoopbackHub.sha256(WEIGHTS)));
        Files.write(partial, Arrays.copyOf(WEIGHTS, 250_000));
        hub.breaksAfter = Integer.MAX_VALUE;
        hub.asked.clear();

        Path snapshot = pull().directory();

        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve(FIRST)));
        assertEquals(1, hub.asked.stream().filter(path -> path.endsWith(" bytes=250000-")).count());
        assertFalse(Files.exists(partial));
    }

    @Test
    void a_hub_that_knows_no_ranges_is_asked_for_the_whole() throws Exception {
        hub.knowsRanges = false;
        Path blobs = Files.createDirectories(directory.resolve("models--org--name/blobs"));
        Files.write(
                blobs.resolve(LoopbackHub.sha256(WEIGHTS) + ".moonglass-partial"),
                Arrays.copyOf(WEIGHTS, 250_000));

        Path snapshot = pull().directory();

        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve(FIRST)));
    }

    @Test
    void a_connection_that_stands_still_is_given_up_and_taken_up() throws Exception {
        patience = Duration.ofMillis(700);
        hub.numStandstills.set(1);

        Path snapshot = pull().directory();

        assertArrayEquals(WEIGHTS, Files.readAllBytes(snapshot.resolve(FIRST)));
        assertTrue(hub.asked.stream().anyMatch(path -> path.contains(" bytes=")));
    }

    @ParameterizedTest
    @CsvSource({"model-00001-of-00002.safetensors, SHA-256", "tiktoken.model, git hash"})
    void bytes_that_are_not_those_that_the_hub_lists_make_no_checkpoint(String name, String kind)
            throws Exception {
        byte[] other = hub.files.get(name).clone();
        other[other.length - 1] ^= 1;
        hub.sentInstead.put(name, other);

        HubException fault = assertThrows(HubException.class, this::pull);

        assertEquals(
                "%s: came 2 times with another %s than the hub lists; nothing of it is kept"
                        .formatted(name, kind),
                fault.getMessage());
        assertFalse(Files.exists(directory.resolve("models--org--name/snapshots")));
        assertFalse(Files.exists(directory.resolve("models--org--name/refs")));
    }

    @Test
    void bytes_left_by_a_damaged_run_are_fetched_anew() throws Exception {
        Path blobs = Files.createDirectories(directory.resolve("models--org--name/blobs"));
        Files.write(
                blobs.resolve(LoopbackHub.sha256(WEIGHTS) + ".moonglass-partial"),
                bytes(WEIGHTS.length + 1));

        assertArrayEquals(WEIGHTS, Files.readAllBytes(pull().directory().resolve(FIRST)));

        Files.delete(blobs.resolve(LoopbackHub.sha256(WEIGHTS)));
        Files.write(
                blobs.resolve(LoopbackHub.sha256(WEIGHTS) + ".moonglass-partial"), new byte[99]);

        assertArrayEquals(WEIGHTS, Files.readAllBytes(pull().directory().resolve(FIRST)));
    }

    @Test
    void more_bytes_than_the_hub_lists_are_not_taken() {
        hub.sentInstead.put(FIRST, bytes(WEIGHTS.length + 1));

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(fault.getMessage().contains("more than the 300,000 bytes"), fault.getMessage());
    }

    @Test
    void the_token_goes_to_the_hub_and_to_no_other_host() throws Exception {
        try (LoopbackHub elsewhere = new LoopbackHub()) {
            hub.files.forEach(elsewhere::with);
            hub.bytesAt = elsewhere.address().toString();

            PulledModel pulled = pull(Optional.of("hf_secret"));

            assertArrayEquals(WEIGHTS, Files.readAllBytes(pulled.directory().resolve(FIRST)));
            assertTrue(hub.asked.stream().allMatch(path -> path.endsWith(" Bearer hf_secret")));
            assertEquals(2, elsewhere.asked.size());
            assertFalse(elsewhere.asked.stream().anyMatch(path -> path.contains("Bearer")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd?", "ftp://127.0.0.1", "http://user:word@127.0.0.1"})
    void a_redirection_to_what_is_no_web_address_is_not_followed(String place) {
        hub.bytesAt = place;

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(
                fault.getMessage().contains("leads to where nothing is fetched from"),
                fault.getMessage());
    }

    @Test
    void redirections_in_a_circle_end() {
        hub.bytesAt = "";

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(fault.getMessage().contains("leads on more than 8 times"), fault.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "..",
                ".",
                "../../config.json",
                "/etc/config.json",
                "a\\b.json",
                "a\nb.json",
                "a\0.json"
            })
    void a_name_that_leads_elsewhere_is_refused(String name) {
        hub.listed =
                entry ->
                        entry.path("path").asText().equals("LICENSE")
                                ? entry.put("path", name)
                                : entry;

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(
                fault.getMessage().contains("whose name has what no file's may"),
                fault.getMessage());
        assertEquals(List.of(), names(directory));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../a.safetensors",
                "/etc/passwd",
                "config.json",
                "other.safetensors",
                ".safetensors"
            })
    void an_index_that_names_what_the_hub_does_not_list_is_refused(String name) {
        hub.with(
                "model.safetensors.index.json",
                "{\"weight_map\": {\"a\": \"%s\"}}".formatted(name));

        ConfigException fault = assertThrows(ConfigException.class, this::pull);

        assertTrue(fault.getMessage().contains("does not have"), fault.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1e3", "\"5\"", "null", "9223372036854775808", "4398046511104"})
    void a_size_that_no_file_has_is_refused(String size) {
        hub.listed =
                entry -> entry.path("path").asText().equals(FIRST) ? sized(entry, size) : entry;

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(
                fault.getMessage().contains("has no size that a file can have"),
                fault.getMessage());
    }

    private static ObjectNode sized(ObjectNode entry, String size) {
        try {
            return entry.set("size", new ObjectMapper().readTree(size));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void more_than_the_disk_holds_is_not_begun() throws IOException {
        assumeTrue(
                Files.getFileStore(directory).getUsableSpace() < 1L << 41,
                "the disk has room for 2 TiB");
        hub.listed =
                entry ->
                        entry.path("path").asText().equals(FIRST)
                                ? entry.put("size", 1L << 41)
                                : entry;

        ConfigException fault = assertThrows(ConfigException.class, this::pull);

        assertTrue(fault.getMessage().contains("2199.0 GB are to be fetched"), fault.getMessage());
        assertFalse(hub.asked.stream().anyMatch(path -> path.contains(FIRST)));
    }

    @Test
    void a_file_without_a_hash_is_refused() {
        hub.listed = entry -> entry.put("oid", "none");

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(fault.getMessage().contains("has no hash to check it with"), fault.getMessage());
    }

    @Test
    void a_list_of_several_pages_is_read_to_its_end() throws Exception {
        hub.pageSize = 2;

        assertEquals(7, pull().numFiles());
    }

    @Test
    void a_list_that_goes_on_at_another_host_is_not_followed() {
        hub.pageSize = 2;
        hub.nextPage = "http://localhost:1/next";

        HubException fault = assertThrows(HubException.class, this::pull);

        assertTrue(fault.getMessage().contains("goes on at another host"), fault.getMessage());
    }

    @Test
    void a_hub_that_is_busy_is_asked_again() throws Exception {
        hub.numRefusals.set(2);

        assertEquals(7, pull().numFiles());
    }

    @Test
    void a_hub_that_stays_busy_is_given_up() {
        hub.numRefusals.set(1000);

        HubException fault = assertThrows(HubException.class, this::pull);

        assertEquals(hub.address().getAuthority() + " answers with status 429", fault.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "404, RevisionNotFound, has no revision",
        "404, RepoNotFound, has no such model",
        "401, RepoNotFound, set HF_TOKEN",
        "403, GatedRepo, accepted its terms"
    })
    void why_there_is_no_such_checkpoint_is_said(int status, String code, String said) {
        hub.refusal = code;
        hub.refusalStatus = status;

        ConfigException fault = assertThrows(ConfigException.class, this::pull);

        assertTrue(fault.getMessage().contains(said), fault.getMessage());
    }

    @Test
    void a_repository_that_is_no_checkpoint_is_said_to_be_none() {
        hub.files.remove("config.json");

        ConfigException fault = assertThrows(ConfigException.class, this::pull);

        assertTrue(fault.getMessage().contains("has no config.json"), fault.getMessage());
    }

    @Test
    void a_folder_of_plain_files_appears_when_it_is_whole() throws Exception {
        Path out = directory.resolve("kimi");
        byte[] other = WEIGHTS.clone();
        other[0] ^= 1;
        hub.sentInstead.put(FIRST, other);
        assertThrows(HubException.class, () -> pullInto(out));
        assertFalse(Files.exists(out));
        hub.sentInstead.clear();

        PulledModel pulled = pullInto(out);

        assertEquals(out, pulled.directory());
        assertArrayEquals(WEIGHTS, Files.readAllBytes(out.resolve(FIRST)));
        assertFalse(Files.isSymbolicLink(out.resolve(FIRST)));
        assertEquals(7, names(out).size());
        assertEquals(List.of("kimi"), names(directory));
        assertThrows(ConfigException.class, () -> pullInto(out), "is there already");
    }

    @Test
    void files_of_the_same_bytes_are_fetched_once() throws Exception {
        hub.with("generation_config.json", "{}"); // as is tokenizer_config.json

        PulledModel pulled = pull();

        assertEquals("{}", Files.readString(pulled.directory().resolve("generation_config.json")));
        assertEquals("{}", Files.readString(pulled.directory().resolve("tokenizer_config.json")));
    }

    @Test
    void two_pulls_of_one_checkpoint_do_not_mix() throws Exception {
        Path blobs = Files.createDirectories(directory.resolve("models--org--name/blobs"));
        try (var channel =
                        FileChannel.open(
                                blobs.resolve(".moonglass-lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var _ = channel.lock()) {
            ConfigException fault = assertThrows(ConfigException.class, this::pull);

            assertTrue(fault.getMessage().contains("another pull of org/name"), fault.getMessage());
        }
    }

    private PulledModel pull() throws InterruptedException {
        return pull(Optional.empty());
    }

    private PulledModel pull(Optional<String> token) throws InterruptedException {
        HubSettings settings = new HubSettings(hub.address(), token);
        return quick(HubPull.intoCache(settings, HubRepository.of("org/name"), directory, 4));
    }

    private PulledModel pullInto(Path out) throws InterruptedException {
        HubSettings settings = new HubSettings(hub.address(), Optional.empty());
        return quick(HubPull.into(out, settings, HubRepository.of("org/name"), 4));
    }

    private PulledModel quick(HubPull pull) throws InterruptedException {
        HubRetries retries = new HubRetries(4, Duration.ofMillis(1), Duration.ofMillis(5));
        return pull.with(retries, patience).run((_, _, _, _, _) -> {});
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .sorted()
                    .collect(Collectors.toList());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
