package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.server.files.FileStore;
import io.moonglass.server.files.FileUpload;
import io.moonglass.server.files.StoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// What there is under `/v1/files`. Callers find their own files alone.
final class FileRoutes {

    private static final String PATH = "/v1/files";
    private static final int MAX_LISTED = 10_000;

    /// What a form has beside its file.
    private static final long FORM_BYTES = 1 << 20;

    private final Optional<FileStore> store;
    private final ScheduledExecutorService timer;
    private final Duration patience;

    /// @param expiresAt null if it does not expire
    @JsonNaming(SnakeCaseStrategy.class)
    private record FileCard(
            String id,
            String object,
            long bytes,
            long createdAt,
            @JsonInclude(JsonInclude.Include.NON_NULL) Long expiresAt,
            String filename,
            String purpose,
            String status,
            String sha256) {

        static FileCard of(StoredFile file) {
            return new FileCard(
                    file.id(),
                    "file",
                    file.numBytes(),
                    file.created().getEpochSecond(),
                    file.expires().map(Instant::getEpochSecond).orElse(null),
                    file.name(),
                    file.purpose(),
                    "processed",
                    file.sha256());
        }
    }

    @JsonNaming(SnakeCaseStrategy.class)
    private record FileList(
            String object, List<FileCard> data, String firstId, String lastId, boolean hasMore) {}

    private record Deleted(String id, String object, boolean deleted) {}

    /// @param store    empty if none is to be kept
    /// @param timer    ends the sending of a file that takes too long
    /// @param patience how long it may take, and a second more for every MiB
    FileRoutes(Optional<FileStore> store, ScheduledExecutorService timer, Duration patience) {
        this.store = store;
        this.timer = timer;
        this.patience = patience;
    }

    List<Route> routes() {
        return List.of(
                Route.limited("POST", PATH, (exchange, _) -> upload(exchange)),
                Route.limited("GET", PATH, (exchange, _) -> list(exchange)),
                Route.limited("GET", PATH + "/{id}", this::get),
                Route.limited("GET", PATH + "/{id}/content", this::content),
                Route.limited("DELETE", PATH + "/{id}", this::delete));
    }

    /// The largest body that may come here; empty if none is taken.
    static Optional<Long> maxBodyBytes(Optional<FileStore> store) {
        return store.map(some -> some.options().maxFileBytes() + FORM_BYTES);
    }

    private FileStore store() {
        return store.orElseThrow(HttpFault::filesOff);
    }

    private void upload(Exchange exchange) {
        long maxBytes = maxBodyBytes(store).orElseThrow(HttpFault::filesOff);
        StoredFile kept;
        try (FileUpload upload = store().begin(exchange.caller().tenant())) {
            kept = exchange.readUpload(maxBytes, form -> FileForm.keep(form, upload));
        }
        exchange.answer(FileCard.of(kept));
    }

    private void list(Exchange exchange) {
        PageQuery query = PageQuery.of(exchange, MAX_LISTED, MAX_LISTED);
        Optional<String> purpose = exchange.query("purpose");
        List<StoredFile> all =
                store().list(exchange.caller().tenant()).stream()
                        .filter(file -> purpose.isEmpty() || purpose.get().equals(file.purpose()))
                        .toList();
        PageQuery.Page<StoredFile> page = query.of(all, StoredFile::id);
        List<FileCard> cards = page.items().stream().map(FileCard::of).toList();
        exchange.answer(
                new FileList(
                        "list",
                        cards,
                        cards.isEmpty() ? null : cards.getFirst().id(),
                        cards.isEmpty() ? null : cards.getLast().id(),
                        page.hasMore()));
    }

    private StoredFile file(Exchange exchange, String id) {
        return store().find(exchange.caller().tenant(), id)
                .orElseThrow(() -> HttpFault.fileNotFound(id));
    }

    private void get(Exchange exchange, String id) {
        exchange.answer(FileCard.of(file(exchange, id)));
    }

    private void content(Exchange exchange, String id) {
        StoredFile file = file(exchange, id);
        try (InputStream bytes = file.open()) {
            Future<?> end = endOfPatience(exchange.client(), file.numBytes());
            try {
                exchange.answer(bytes, file.numBytes());
            } finally {
                end.cancel(false);
            }
        } catch (NoSuchFileException e) {
            throw HttpFault.fileNotFound(id);
        } catch (IOException e) {
            throw FileStore.unreadable(e);
        }
    }

    /// A reader that stands still would hold its place for ever.
    private Future<?> endOfPatience(ClientLink client, long numBytes) {
        return timer.schedule(
                () -> Thread.startVirtualThread(client::abort),
                patience.toMillis() + (numBytes >> 10),
                TimeUnit.MILLISECONDS);
    }

    private void delete(Exchange exchange, String id) {
        if (!store().delete(exchange.caller().tenant(), id)) {
            throw HttpFault.fileNotFound(id);
        }
        exchange.answer(new Deleted(id, "file", true));
    }
}
