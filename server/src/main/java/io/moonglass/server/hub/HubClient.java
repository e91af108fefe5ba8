package io.moonglass.server.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is asked of a hub: which commit a revision is, which files it has, and a file's bytes.
///
/// Source: the hub's OpenAPI description, `/api/models/{namespace}/{repo}/revision/{rev}`, `…/tree/{rev}` and
/// `/{namespace}/{repo}/resolve/{rev}/{path}`.
final class HubClient {

    private static final int MAX_ANSWER = 16 << 20;
    private static final int MAX_PAGES = 100;
    private static final int MAX_FILES = 100_000;
    private static final long MAX_FILE_BYTES = 1L << 41;
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern NAME = Pattern.compile("[^/\\\\\\p{Cntrl}]{1,255}");
    private static final Pattern NEXT = Pattern.compile("<([^<>]{1,4096})>\\s*;\\s*rel=\"?next\"?");

    private static final ObjectMapper JSON =
            new ObjectMapper(
                    JsonFactory.builder()
                            .streamReadConstraints(
                                    StreamReadConstraints.builder()
                                            .maxNestingDepth(50)
                                            .maxStringLength(1 << 20)
                                            .build())
                            .build());

    private final HubConnection connection;
    private final HubRetries retries;
    private final HubRepository repository;

    HubClient(HubConnection connection, HubRetries retries, HubRepository repository) {
        this.connection = connection;
        this.retries = retries;
        this.repository = repository;
    }

    HubRetries retries() {
        return retries;
    }

    private record Page(JsonNode body, Optional<URI> next) {}

    /// The commit that the revision is now.
    ///
    /// @throws ConfigException if there is none, or the token does not give access
    String commit() throws InterruptedException {
        URI address =
                address(
                        "/api/models/%s/revision/%s"
                                .formatted(repository.id(), escaped(repository.revision())));
        String commit = retries.call(() -> page(address)).body().path("sha").asText("");
        if (!COMMIT.matcher(commit).matches()) {
            throw HubException.lasting(
                    "%s: the hub names no commit; want 40 hexadecimal digits"
                            .formatted(repository));
        }
        return commit;
    }

    /// The files beside `config.json`; what lies in folders of the repository is no part of a checkpoint.
    ///
    /// @throws HubException if a name or size is one that no file here may have
    List<HubFile> files(String commit) throws InterruptedException {
        List<HubFile> files = new ArrayList<>();
        Optional<URI> next =
                Optional.of(
                        address(
                                "/api/models/%s/tree/%s?recursive=false"
                                        .formatted(repository.id(), commit)));
        for (int i = 0; next.isPresent(); i++) {
            if (i == MAX_PAGES || files.size() > MAX_FILES) {
                throw HubException.lasting(
                        "%s: more than %,d files; want a checkpoint"
                                .formatted(repository, Math.min(files.size(), MAX_FILES)));
            }
            URI address = next.get();
            Page page = retries.call(() -> page(address));
            if (!page.body().isArray()) {
                throw HubException.lasting(
                        "%s: the hub lists no files; want an array".formatted(repository));
            }
            for (JsonNode entry : page.body()) {
                if (entry.path("type").asText("").equals("file")) {
                    files.add(file(entry));
                }
            }
            next = page.next();
        }
        return files;
    }

    private HubFile file(JsonNode entry) {
        String name = entry.path("path").asText("");
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
            throw HubException.lasting(
                    "%s: the hub lists a file whose name has what no file's may; nothing of it is taken"
                            .formatted(repository));
        }
        JsonNode size = entry.path("size");
        if (!size.canConvertToLong()
                || !size.isIntegralNumber()
                || size.longValue() < 0
                || size.longValue() > MAX_FILE_BYTES) {
            throw HubException.lasting(
                    "%s: %s has no size that a file can have; want 0 to %,d bytes"
                            .formatted(repository, name, MAX_FILE_BYTES));
        }
        return new HubFile(name, size.longValue(), hash(name, entry));
    }

    private FileHash hash(String name, JsonNode entry) {
        String sha256 = entry.path("lfs").path("oid").asText("").replaceFirst("^sha256:", "");
        if (SHA_256.matcher(sha256).matches()) {
            return new FileHash.Sha256(sha256);
        }
        String blob = entry.path("oid").asText("");
        if (entry.path("lfs").isMissingNode() && COMMIT.matcher(blob).matches()) {
            return new FileHash.GitBlob(blob);
        }
        throw HubException.lasting(
                "%s: %s has no hash to check it with; want a SHA-256 or a git hash"
                        .formatted(repository, name));
    }

    /// A file's bytes from one on; the caller closes them.
    ///
    /// @return with status 200, 206 or 416
    HttpResponse<InputStream> open(String commit, HubFile file, long from)
            throws InterruptedException {
        URI address =
                address(
                        "/%s/resolve/%s/%s"
                                .formatted(repository.id(), commit, escaped(file.name())));
        HttpResponse<InputStream> response = connection.get(address, from);
        int status = response.statusCode();
        if (status != 200 && status != 206 && status != 416) {
            HubConnection.close(response);
            throw refused(response, file.name());
        }
        return response;
    }

    private Page page(URI address) throws InterruptedException {
        HttpResponse<InputStream> response = connection.get(address, 0);
        if (response.statusCode() != 200) {
            HubConnection.close(response);
            throw refused(response, "its list of files");
        }
        try (InputStream body = response.body();
                Patience _ = Patience.with(body, connection.patience())) {
            byte[] bytes = body.readNBytes(MAX_ANSWER + 1);
            if (bytes.length > MAX_ANSWER) {
                throw HubException.lasting(
                        "%s: an answer of more than %,d bytes".formatted(repository, MAX_ANSWER));
            }
            return new Page(JSON.readTree(bytes), next(response));
        } catch (JsonProcessingException e) {
            throw HubException.lasting("%s: the hub's answer is no JSON".formatted(repository), e);
        } catch (IOException e) {
            throw HubException.passing("%s: the hub's answer broke off".formatted(repository), e);
        }
    }

    private Optional<URI> next(HttpResponse<?> response) {
        Matcher next = NEXT.matcher(response.headers().firstValue("Link").orElse(""));
        if (!next.find()) {
            return Optional.empty();
        }
        URI hub = connection.endpoint();
        try {
            URI address = response.uri().resolve(next.group(1));
            if (hub.getScheme().equals(address.getScheme())
                    && hub.getRawAuthority().equals(address.getRawAuthority())) {
                return Optional.of(address);
            }
        } catch (IllegalArgumentException e) {
            throw HubException.passing(
                    "%s: the hub's list goes on at no address".formatted(repository), e);
        }
        throw HubException.lasting(
                "%s: the hub's list goes on at another host; want %s"
                        .formatted(repository, hub.getAuthority()));
    }

    /// Why there is nothing, as well as the status tells it.
    private RuntimeException refused(HttpResponse<?> response, String what) {
        String code = response.headers().firstValue("X-Error-Code").orElse("");
        int status = response.statusCode();
        String hub = connection.endpoint().getAuthority();
        if (status == 403 || code.equals("GatedRepo")) {
            return new ConfigException(
                    "%s: %s gives this model only to those who accepted its terms; do so at %s/%s and set HF_TOKEN"
                            .formatted(
                                    repository.id(), hub, connection.endpoint(), repository.id()));
        }
        if (status == 404 && code.equals("RevisionNotFound")) {
            return new ConfigException(
                    "%s: has no revision \"%s\"; want a branch, a tag or a commit"
                            .formatted(repository.id(), repository.revision()));
        }
        if (status == 401 || status == 404) {
            return new ConfigException(
                    "%s: %s has no such model, or shows it to its owners only; mend the name, or %s"
                            .formatted(
                                    repository,
                                    hub,
                                    connection.hasToken()
                                            ? "set an HF_TOKEN that may read it"
                                            : "set HF_TOKEN"));
        }
        return HubException.lasting(
                "%s: %s answers with status %d where %s was wanted"
                        .formatted(repository, hub, status, what));
    }

    private URI address(String path) {
        return URI.create(connection.endpoint() + path);
    }

    private static String escaped(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
