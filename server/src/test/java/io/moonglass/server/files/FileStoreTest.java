package io.moonglass.server.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest {

    private static final Optional<Duration> NEVER = Optional.empty();

    @TempDir private Path folder;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private FileStore store;

    @BeforeEach
    void open() {
        store = opened(NEVER);
    }

    private FileStore opened(Optional<Duration> expiry) {
        return FileStore.open(new FileStoreOptions(folder, 1_000, 5, 600, expiry), () -> now);
    }

    @Test
    void a_file_comes_back_as_it_was_sent_by_its_id_and_by_its_hash() throws IOException {
        StoredFile kept = keep("alice", "hello");

        StoredFile byId = store.find("alice", kept.id()).orElseThrow();
        assertEquals(kept, byId);
        assertEquals("hello", new String(byId.read(), UTF_8));
        assertEquals(5, byId.numBytes());
        assertEquals(
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", byId.sha256());
        assertEquals(kept, store.find("alice", "sha256:" + kept.sha256()).orElseThrow());
    }

    @Test
    void nobody_else_finds_it_lists_it_or_deletes_it() {
        StoredFile kept = keep("alice", "hello");

        assertTrue(store.find("bob", kept.id()).isEmpty());
        assertTrue(store.find("bob", "sha256:" + kept.sha256()).isEmpty());
        assertFalse(store.delete("bob", kept.id()));
        assertEquals(List.of(), store.list("bob"));
        assertTrue(store.find("alice", kept.id()).isPresent());
    }

    @Test
    void names_and_tenants_become_no_paths() throws IOException {
        StoredFile kept = keep("..", "x", "../../../etc/passwd", NEVER);
        Path elsewhere = Files.writeString(folder.resolve("secret.json"), "{}");

        assertEquals("../../../etc/passwd", store.find("..", kept.id()).orElseThrow().name());
        assertEquals(2, onDisk().size());
        assertTrue(onDisk().stream().allMatch(file -> file.startsWith(folder)));
        for (String id : List.of("../secret", "file-../secret", "sha256:../secret", "", "file-")) {
            assertTrue(store.find("..", id).isEmpty(), id);
            assertFalse(store.delete("..", id), id);
        }
        assertTrue(Files.exists(elsewhere));
    }

    @Test
    void equal_bytes_are_kept_once_until_the_last_of_them_is_deleted() throws IOException {
        StoredFile one = keep("alice", "same");
        StoredFile two = keep("alice", "same");
        assertNotEquals(one.id(), two.id());
        assertEquals(1, onDisk().stream().filter(file -> file.toString().endsWith(".bin")).count());

        assertTrue(store.delete("alice", one.id()));

        assertTrue(store.find("alice", one.id()).isEmpty());
        assertEquals("same", new String(store.find("alice", two.id()).orElseThrow().read(), UTF_8));
        assertTrue(store.delete("alice", two.id()));
        assertEquals(List.of(), onDisk());
    }

    @Test
    void a_restart_forgets_none_of_them() throws IOException {
        StoredFile kept = keep("alice", "hello", "a.png", Optional.of(Duration.ofDays(1)));

        FileStore later = opened(NEVER);

        assertEquals(kept, later.find("alice", kept.id()).orElseThrow());
        assertEquals("hello", new String(later.list("alice").getFirst().read(), UTF_8));
    }

    @Test
    void one_that_another_server_wrote_meanwhile_is_found_and_not_swept_away() {
        FileStore other = opened(NEVER);
        StoredFile kept = keep("alice", "hello");
        makeOld(kept.content());

        other.sweep();

        assertTrue(other.find("alice", kept.id()).isPresent());
        assertTrue(Files.exists(kept.content()));
        store.delete("alice", kept.id());
        other.sweep();
        assertEquals(List.of(), other.list("alice"));
    }

    @Test
    void a_key_cannot_keep_more_than_its_quota_and_others_can() {
        keep("alice", "a".repeat(600));

        FileRefusedException fault =
                assertThrows(FileRefusedException.class, () -> keep("alice", "b".repeat(401)));

        assertEquals(FileRefusedException.Kind.QUOTA_EXCEEDED, fault.kind());
        keep("alice", "c".repeat(400));
        keep("bob", "b".repeat(401));
    }

    @Test
    void equal_bytes_count_once() {
        for (int i = 0; i < 2; i++) {
            keep("alice", "a".repeat(400));
        }
        keep("alice", "b".repeat(600));
    }

    @Test
    void files_on_their_way_count_too() throws IOException {
        try (FileUpload coming = store.begin("alice")) {
            coming.receive(bytes("a".repeat(600)));

            assertThrows(FileRefusedException.class, () -> keep("alice", "b".repeat(401)));
        }
        keep("alice", "b".repeat(401));
    }

    @Test
    void a_key_has_no_more_files_than_it_may() {
        for (int i = 0; i < 5; i++) {
            keep("alice", "file " + i);
        }

        FileRefusedException fault =
                assertThrows(FileRefusedException.class, () -> keep("alice", "x"));

        assertEquals(FileRefusedException.Kind.QUOTA_EXCEEDED, fault.kind());
        store.delete("alice", store.list("alice").getFirst().id());
        keep("alice", "x");
    }

    @Test
    void a_file_that_is_too_large_leaves_nothing() throws IOException {
        FileRefusedException fault =
                assertThrows(FileRefusedException.class, () -> keep("alice", "a".repeat(601)));

        assertEquals(FileRefusedException.Kind.TOO_LARGE, fault.kind());
        assertEquals(List.of(), onDisk());
        assertEquals(List.of(), store.list("alice"));
    }

    @Test
    void an_upload_that_ends_early_leaves_nothing() throws IOException {
        InputStream cut =
                new InputStream() {
                    private int numRead;

                    @Override
                    public int read() throws IOException {
                        if (numRead++ > 100) {
                            throw new IOException("gone");
                        }
                        return 'x';
                    }
                };

        try (FileUpload upload = store.begin("alice")) {
            assertThrows(IOException.class, () -> upload.receive(cut));
        }

        assertEquals(List.of(), onDisk());
        keep("alice", "a".repeat(600));
    }

    @Test
    void what_a_server_that_died_left_over_is_swept_at_the_start() throws IOException {
        StoredFile kept = keep("alice", "hello");
        Path tenant = kept.content().getParent();
        Path part = Files.writeString(tenant.resolve("upload-1.part"), "half");
        Path orphan = Files.writeString(tenant.resolve("0".repeat(64) + ".bin"), "no record");
        Path fresh = Files.writeString(tenant.resolve("upload-2.part"), "is coming");
        Path lost = Files.copy(recordOf(kept), tenant.resolve("file-" + "0".repeat(32) + ".json"));
        Files.writeString(lost, Files.readString(lost).replace(kept.sha256(), "1".repeat(64)));
        makeOld(part);
        makeOld(orphan);
        makeOld(kept.content());

        FileStore later = opened(NEVER);

        assertFalse(Files.exists(part));
        assertFalse(Files.exists(orphan));
        assertFalse(Files.exists(lost));
        assertTrue(Files.exists(fresh), "another server may be writing it");
        assertEquals(List.of(kept), later.list("alice"));
    }

    @Test
    void an_expired_file_is_gone_from_the_list_and_the_disk() throws IOException {
        StoredFile shortly = keep("alice", "x", "x", Optional.of(Duration.ofMinutes(1)));
        StoredFile lasting = keep("alice", "y");
        now = now.plusSeconds(59);
        assertEquals(2, store.list("alice").size());

        now = now.plusSeconds(1);

        assertTrue(store.find("alice", shortly.id()).isEmpty());
        store.sweep();
        assertEquals(List.of(lasting), store.list("alice"));
        assertFalse(Files.exists(shortly.content()));
        assertFalse(Files.exists(recordOf(shortly)));
    }

    @Test
    void the_shorter_of_the_callers_time_and_the_operators_holds() {
        store = opened(Optional.of(Duration.ofHours(1)));

        assertEquals(
                Optional.of(now.plus(Duration.ofHours(1))),
                keep("alice", "x", "x", Optional.of(Duration.ofDays(1))).expires());
        assertEquals(
                Optional.of(now.plus(Duration.ofMinutes(1))),
                keep("alice", "x", "x", Optional.of(Duration.ofMinutes(1))).expires());
        assertEquals(Optional.of(now.plus(Duration.ofHours(1))), keep("alice", "y").expires());
    }

    @Test
    void the_newest_is_listed_first() {
        StoredFile older = keep("alice", "x");
        now = now.plusMillis(1);
        StoredFile newer = keep("alice", "y");

        assertEquals(List.of(newer, older), store.list("alice"));
    }

    @Test
    void a_disk_that_takes_nothing_refuses_that_file_alone() throws IOException {
        StoredFile kept = keep("alice", "hello");
        Path tenant = kept.content().getParent();
        // a file where bob's folder would be
        StoredFile bobs = keep("bob", "x");
        store.delete("bob", bobs.id());
        Path bob = bobs.content().getParent();
        Files.delete(bob);
        Files.writeString(bob, "no folder");

        FileRefusedException fault =
                assertThrows(FileRefusedException.class, () -> keep("bob", "x"));

        assertEquals(FileRefusedException.Kind.DISK, fault.kind());
        assertFalse(fault.getMessage().contains(folder.toString()), fault.getMessage());
        assertEquals("hello", new String(Files.readAllBytes(kept.content()), UTF_8));
        assertEquals(tenant, keep("alice", "more").content().getParent());
    }

    @Test
    void a_folder_that_is_none_is_the_operators_fault() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        FileStoreOptions options = new FileStoreOptions(file, 1, 1, 1, NEVER);

        assertThrows(ConfigException.class, () -> FileStore.open(options, () -> now));
        assertThrows(ConfigException.class, () -> new FileStoreOptions(folder, 0, 1, 1, NEVER));
        assertThrows(
                ConfigException.class,
                () -> new FileStoreOptions(folder, 1, 1, 1, Optional.of(Duration.ZERO)));
    }

    private StoredFile keep(String tenant, String content) {
        return keep(tenant, content, "name.png", NEVER);
    }

    private StoredFile keep(
            String tenant, String content, String name, Optional<Duration> expiresAfter) {
        try (FileUpload upload = store.begin(tenant)) {
            upload.receive(bytes(content));
            return upload.keep(name, "vision", expiresAfter);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static InputStream bytes(String content) {
        return new ByteArrayInputStream(content.getBytes(UTF_8));
    }

    private static Path recordOf(StoredFile file) {
        return file.content().resolveSibling(file.id() + ".json");
    }

    private static void makeOld(Path file) {
        try {
            Files.setLastModifiedTime(
                    file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// All files in folders of tenants.
    private List<Path> onDisk() throws IOException {
        try (Stream<Path> files = Files.walk(folder, 2)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.getParent().equals(folder))
                    .toList();
        }
    }
}
