package io.moonglass.server.responses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResponseStoreTest {

    private static final Duration EXPIRY = Duration.ofDays(30);

    @TempDir private Path folder;

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private ResponseStore store;

    @BeforeEach
    void open() {
        store = opened(10_000);
    }

    private ResponseStore opened(long quotaBytes) {
        return ResponseStore.open(new ResponseStoreOptions(folder, quotaBytes, EXPIRY), () -> now);
    }

    @Test
    void a_response_comes_back_as_it_was_kept() {
        StoredResponse response = response(1, "hello");

        assertTrue(store.put("alice", response));

        assertEquals(response, store.get("alice", id(1)).orElseThrow());
    }

    @Test
    void nobody_else_finds_it_or_deletes_it() {
        store.put("alice", response(1, "hello"));

        assertTrue(store.get("bob", id(1)).isEmpty());
        assertFalse(store.delete("bob", id(1)));
        assertTrue(store.get("alice", id(1)).isPresent());
    }

    @Test
    void a_tenant_of_any_name_stays_in_the_folder() throws IOException {
        assertTrue(store.put("..", response(1, "x")));
        assertTrue(store.put("", response(2, "x")));

        assertEquals(2, files().size());
        assertTrue(store.get("..", id(1)).isPresent());
        assertTrue(store.get("", id(2)).isPresent());
    }

    @Test
    void an_id_that_is_none_of_ours_names_no_file() throws IOException {
        store.put("alice", response(1, "x"));
        Path elsewhere = Files.writeString(folder.resolve("secret.json"), "{}");

        assertTrue(store.get("alice", "../secret").isEmpty());
        assertTrue(store.get("alice", "resp_" + "A".repeat(32)).isEmpty());
        assertFalse(store.delete("alice", "../secret"));
        assertTrue(Files.exists(elsewhere));
    }

    @Test
    void a_deleted_one_is_gone_from_the_disk() throws IOException {
        store.put("alice", response(1, "x"));

        assertTrue(store.delete("alice", id(1)));

        assertTrue(store.get("alice", id(1)).isEmpty());
        assertEquals(List.of(), files());
    }

    @Test
    void a_restart_forgets_none_of_them() {
        store.put("alice", response(1, "x"));

        assertTrue(opened(10_000).get("alice", id(1)).isPresent());
    }

    @Test
    void one_that_another_server_wrote_meanwhile_is_found() {
        ResponseStore later = opened(10_000);
        store.put("alice", response(1, "x"));

        assertTrue(later.get("alice", id(1)).isPresent());
    }

    @Test
    void the_one_that_was_not_used_for_longest_makes_room() {
        ResponseStore small = opened(450);
        small.put("alice", response(1, "x".repeat(100)));
        small.put("alice", response(2, "x".repeat(100)));
        small.get("alice", id(1));

        small.put("alice", response(3, "x".repeat(100)));

        assertTrue(small.get("alice", id(2)).isEmpty());
        assertTrue(small.get("alice", id(1)).isPresent());
        assertTrue(small.get("alice", id(3)).isPresent());
    }

    @Test
    void use_is_remembered_over_a_restart() {
        store.put("alice", response(1, "x".repeat(100)));
        now = now.plusSeconds(60);
        store.put("alice", response(2, "x".repeat(100)));
        now = now.plusSeconds(60);
        store.get("alice", id(1));
        now = now.plusSeconds(60);

        ResponseStore small = opened(450);
        small.put("alice", response(3, "x".repeat(100)));

        assertTrue(small.get("alice", id(2)).isEmpty());
        assertTrue(small.get("alice", id(1)).isPresent());
    }

    @Test
    void one_tenants_responses_displace_nothing_of_anothers() {
        ResponseStore small = opened(450);
        small.put("alice", response(1, "x".repeat(100)));

        for (int i = 2; i < 9; i++) {
            small.put("bob", response(i, "x".repeat(100)));
        }

        assertTrue(small.get("alice", id(1)).isPresent());
    }

    @Test
    void one_that_could_never_fit_is_not_kept_and_displaces_nothing() {
        ResponseStore small = opened(450);
        small.put("alice", response(1, "x"));

        assertFalse(small.put("alice", response(2, "x".repeat(1_000))));

        assertTrue(small.get("alice", id(1)).isPresent());
        assertTrue(small.get("alice", id(2)).isEmpty());
    }

    @Test
    void one_that_nobody_uses_expires() throws IOException {
        store.put("alice", response(1, "x"));
        now = now.plus(EXPIRY).plusSeconds(1);

        assertTrue(store.get("alice", id(1)).isEmpty());
        assertEquals(List.of(), files());
    }

    @Test
    void use_puts_the_expiry_off() {
        store.put("alice", response(1, "x"));
        now = now.plus(EXPIRY).minusSeconds(1);
        store.get("alice", id(1));
        now = now.plusSeconds(2);

        assertTrue(store.get("alice", id(1)).isPresent());
    }

    @Test
    void a_sweep_frees_the_disk_of_what_has_expired() throws IOException {
        store.put("alice", response(1, "x"));
        now = now.plus(EXPIRY).minusSeconds(1);
        store.put("alice", response(2, "x"));
        now = now.plusSeconds(2);

        store.sweep();

        assertEquals(List.of(id(2) + ".json"), files());
    }

    @Test
    void what_a_killed_server_left_half_written_is_swept_up_at_the_next_start() throws IOException {
        store.put("alice", response(1, "x"));
        Path tenant = Files.list(folder).findFirst().orElseThrow();
        Path old = Files.writeString(tenant.resolve("old.part"), "{");
        Files.setLastModifiedTime(old, FileTime.from(now.minus(Duration.ofHours(2))));
        Path fresh = Files.writeString(tenant.resolve("fresh.part"), "{");
        Files.setLastModifiedTime(fresh, FileTime.from(now));

        opened(10_000);

        assertFalse(Files.exists(old));
        assertTrue(Files.exists(fresh));
    }

    @Test
    void a_picture_of_more_than_a_parsers_usual_limit_comes_back() {
        ResponseStore large = opened(100_000_000);
        large.put("alice", response(1, "x".repeat(21_000_000)));

        assertTrue(large.get("alice", id(1)).isPresent());
    }

    @Test
    void others_on_the_machine_cannot_read_them() throws IOException {
        ResponseStore own =
                ResponseStore.open(
                        new ResponseStoreOptions(folder.resolve("new"), 1_000, EXPIRY), () -> now);

        own.put("alice", response(1, "x"));

        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(folder.resolve("new"))));
    }

    @Test
    void a_file_in_the_folders_place_is_an_operators_fault() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");

        ConfigException fault =
                assertThrows(
                        ConfigException.class,
                        () ->
                                ResponseStore.open(
                                        new ResponseStoreOptions(file, 1_000, EXPIRY), () -> now));

        assertTrue(fault.getMessage().contains("cannot be used as a folder of responses"));
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .toList();
        }
    }

    private static String id(int number) {
        return "resp_%032x".formatted(number);
    }

    private static StoredResponse response(int number, String text) {
        ObjectNode response = JsonNodeFactory.instance.objectNode().put("id", id(number));
        response.put("text", text);
        return new StoredResponse(response, JsonNodeFactory.instance.arrayNode().add("in"));
    }
}
