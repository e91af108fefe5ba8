package io.moonglass.loader.safetensors;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.Weight;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A checkpoint folder in Hugging Face layout: its configuration and its mapped tensors. In a packed
/// folder, a [PackManifest] says which of them are quantised.
///
/// The files may be symbolic links, as in a Hugging Face cache snapshot; the names inside the index
/// must be plain file names, so that no index can reach out of its folder. Open until closed; the
/// tensors must not be used afterwards.
public final class Checkpoint implements AutoCloseable {

    private static final String INDEX = "model.safetensors.index.json";
    private static final String SINGLE_FILE = "model.safetensors";

    private final Path directory;
    private final ModelConfig config;
    private final Arena arena;
    private final Optional<PackManifest> manifest;
    private final Map<String, StoredTensor> tensors;
    private final List<RowFile> rowFiles = new CopyOnWriteArrayList<>();

    private Checkpoint(
            Path directory,
            ModelConfig config,
            Optional<PackManifest> manifest,
            Arena arena,
            Map<String, StoredTensor> tensors) {
        this.directory = directory;
        this.config = config;
        this.manifest = manifest;
        this.arena = arena;
        this.tensors = Collections.unmodifiableMap(tensors);
    }

    /// @throws ConfigException      if the folder or its JSON files cannot be used
    /// @throws ModelFormatException if a shard is missing or damaged
    public static Checkpoint open(Path directory) {
        if (ModelFiles.isGguf(directory)) {
            throw new ConfigException(
                    "--model %s: a file in GGUF is computed from in its packed form; make one with moonglass pack"
                            .formatted(directory));
        }
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    "--model %s: no such folder; want a checkpoint in Hugging Face layout"
                            .formatted(directory));
        }
        ModelConfig config = ModelConfig.read(directory);
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(
                    directory,
                    config,
                    PackManifest.read(directory),
                    arena,
                    mapTensors(directory, arena));
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    public Path directory() {
        return directory;
    }

    public ModelConfig config() {
        return config;
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    public Collection<StoredTensor> tensors() {
        return tensors.values();
    }

    /// @throws ModelFormatException if there is no such tensor
    public StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new ModelFormatException(
                    "no tensor %s in %s, though config.json asks for it; take both from one release"
                            .formatted(name, directory.getFileName()));
        }
        return tensor;
    }

    /// A matrix that rows are multiplied with, over the mapped bytes, in the form in which it is stored.
    ///
    /// @throws ModelFormatException if there is no such tensor or it has another shape or type
    public Weight weight(String name, int numRows, int numColumns) {
        StoredTensor tensor = tensor(name);
        Optional<PackManifest.PanelShape> panels = panels(name);
        return panels.isPresent()
                ? panels.get().over(tensor.data(), name, numRows, numColumns)
                : tensor.matrix(numRows, numColumns);
    }

    /// A quantised matrix; empty where a folder does not hold it so.
    ///
    /// @throws ModelFormatException if it has another shape
    public Optional<PanelMatrix> panels(String name, int numRows, int numColumns) {
        return panels(name)
                .map(shape -> shape.over(tensor(name).data(), name, numRows, numColumns));
    }

    /// A matrix whose rows are read one by one; open until this checkpoint is closed.
    ///
    /// @throws ModelFormatException if there is no such tensor or it has another shape or type
    public RowFile rows(String name, int numRows, int numColumns) {
        StoredTensor tensor = tensor(name);
        Path file = directory.resolve(tensor.file());
        RowFile rows =
                panels(name)
                        .map(shape -> RowFile.ofPanels(file, tensor, shape, numRows, numColumns))
                        .orElseGet(() -> RowFile.ofElements(file, tensor, numRows, numColumns));
        rowFiles.add(rows);
        return rows;
    }

    /// What a packed folder says about itself; empty for a folder as it was released.
    public Optional<PackManifest> manifest() {
        return manifest;
    }

    /// Whether a packed folder holds a tensor that is a part of another, in another order.
    public boolean isRepeated(String name) {
        String keys = ".k_b_proj.weight";
        return name.endsWith(keys) && has(name.replace(keys, ".kv_b_proj.weight"));
    }

    /// Whether any weight was rounded to 4 or 8 bits.
    public boolean isQuantized() {
        return manifest.map(PackManifest::isQuantized).orElse(false);
    }

    /// The shape of a quantised tensor; empty for one that is stored element after element.
    public Optional<PackManifest.PanelShape> panels(String name) {
        return manifest.map(found -> found.panels().get(name));
    }

    /// Unmaps the files; does nothing the second time.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            rowFiles.forEach(RowFile::close);
            arena.close();
        }
    }

    private static Map<String, StoredTensor> mapTensors(Path directory, Arena arena) {
        if (Files.exists(directory.resolve(INDEX))) {
            return mapShards(directory, ConfigSection.read(directory.resolve(INDEX)), arena);
        }
        Path single = directory.resolve(SINGLE_FILE);
        if (!Files.isRegularFile(single)) {
            throw new ModelFormatException(
                    "%s: neither %s nor %s is there; want a checkpoint in Hugging Face layout"
                            .formatted(directory, INDEX, SINGLE_FILE));
        }
        return withoutInverseFrequencies(SafetensorsFile.map(single, arena).tensors());
    }

    private static Map<String, StoredTensor> mapShards(
            Path directory, ConfigSection index, Arena arena) {
        ConfigSection weightMap = index.section("weight_map");
        Map<String, SafetensorsFile> shards = new HashMap<>();
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (String name : weightMap.keys()) {
            String shard = weightMap.string(name);
            tensors.put(
                    name,
                    shards.computeIfAbsent(shard, s -> mapShard(directory, name, s, arena))
                            .tensor(name));
        }
        return withoutInverseFrequencies(tensors);
    }

    private static SafetensorsFile mapShard(
            Path directory, String tensor, String shard, Arena arena) {
        boolean plainName =
                !shard.isEmpty()
                        && shard.chars()
                                .noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')
                        && !shard.equals(".")
                        && !shard.equals("..");
        if (!plainName) {
            throw new ModelFormatException(
                    "%s: weight_map puts %s into \"%s\"; want the plain name of a file in this folder"
                            .formatted(INDEX, tensor, shard));
        }
        Path file = directory.resolve(shard);
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(
                    "%s: weight_map puts %s into %s, which is not there; download the missing shard"
                            .formatted(INDEX, tensor, shard));
        }
        return SafetensorsFile.map(file, arena);
    }

    /// Some releases of the family store these tables; they follow from config.json and are not used.
    private static Map<String, StoredTensor> withoutInverseFrequencies(
            Map<String, StoredTensor> tensors) {
        Map<String, StoredTensor> used = new LinkedHashMap<>(tensors);
        used.keySet().removeIf(name -> name.endsWith("rotary_emb.inv_freq"));
        return used;
    }
}
