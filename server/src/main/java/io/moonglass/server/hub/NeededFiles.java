package io.moonglass.server.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Which of a repository's files make a checkpoint: its JSON, tokenizer and licence, and the weights that its index
/// names. Code, other forms of the weights and pictures of the page are left out.
final class NeededFiles {

    static final String INDEX = "model.safetensors.index.json";

    private static final String SINGLE = "model.safetensors";
    private static final long MAX_SMALL_BYTES = 256L << 20;
    private static final int MAX_SHARDS = 10_000;
    private static final Pattern SMALL =
            Pattern.compile(
                    "[^.].*\\.json|tiktoken\\.model|chat_template\\.jinja|(LICEN[SC]E|NOTICE)([.-].*)?");

    private static final Pattern WEIGHTS = Pattern.compile("[^.].*\\.safetensors");

    private final HubRepository repository;
    private final Map<String, HubFile> files = new LinkedHashMap<>();

    /// @throws ConfigException if they hold no checkpoint that can be read here
    NeededFiles(HubRepository repository, List<HubFile> listed) {
        this.repository = repository;
        listed.forEach(file -> files.put(file.name(), file));
        if (!files.containsKey("config.json")) {
            throw new ConfigException(
                    "%s: has no config.json; want a checkpoint in Hugging Face layout"
                            .formatted(repository));
        }
        if (!files.containsKey(INDEX) && !files.containsKey(SINGLE)) {
            throw new ConfigException(
                    "%s: has no %s and no %s; want a checkpoint whose weights are safetensors"
                            .formatted(repository, SINGLE, INDEX));
        }
    }

    /// All but the weights.
    List<HubFile> small() {
        List<HubFile> small =
                files.values().stream()
                        .filter(file -> SMALL.matcher(file.name()).matches())
                        .toList();
        for (HubFile file : small) {
            if (file.size() > MAX_SMALL_BYTES) {
                throw HubException.lasting(
                        "%s: %s has %,d bytes; want %,d at most"
                                .formatted(repository, file.name(), file.size(), MAX_SMALL_BYTES));
            }
        }
        return small;
    }

    Optional<HubFile> index() {
        return Optional.ofNullable(files.get(INDEX));
    }

    /// The files of weights.
    ///
    /// @param index the index as it was fetched; empty if there is none
    List<HubFile> weights(Optional<Path> index) {
        return index.map(this::named).orElseGet(() -> List.of(files.get(SINGLE)));
    }

    private List<HubFile> named(Path index) {
        TreeSet<String> names = new TreeSet<>();
        for (JsonNode name : read(index).path("weight_map")) {
            names.add(name.asText());
        }
        if (names.isEmpty() || names.size() > MAX_SHARDS) {
            throw new ConfigException(
                    "%s: %s names %,d files; want 1 to %,d"
                            .formatted(repository, INDEX, names.size(), MAX_SHARDS));
        }
        return names.stream().map(this::weightFile).toList();
    }

    /// Only what the hub lists is fetched, so a name that leads elsewhere is found nowhere.
    private HubFile weightFile(String name) {
        HubFile file = WEIGHTS.matcher(name).matches() ? files.get(name) : null;
        if (file == null) {
            throw new ConfigException(
                    "%s: %s names a file of weights that the repository does not have; take another revision"
                            .formatted(repository, INDEX));
        }
        return file;
    }

    private JsonNode read(Path index) {
        try {
            return new ObjectMapper().readTree(Files.readAllBytes(index));
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: %s is no JSON; take another revision".formatted(repository, INDEX), e);
        }
    }
}
