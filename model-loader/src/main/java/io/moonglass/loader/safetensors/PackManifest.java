package io.moonglass.loader.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a packed directory says about itself besides what any checkpoint does: which of its tensors
/// are panels of which shape, and what it was made from.
///
/// @param weights what the large matrices are stored as
/// @param sources the files it was made from, and their SHA-256; empty for random weights
/// @param panels  by tensor name
public record PackManifest(
        String weights, Map<String, String> sources, Map<String, PanelShape> panels) {

    private static final String FILE = "moonglass-pack.json";

    /// Another layout of panels gets another number.
    public static final int FORMAT = 2;

    /// A quantised matrix.
    public record PanelShape(PanelType type, int numRows, int numColumns) {

        public long bytes() {
            return PanelMatrix.bytes(type, numRows, numColumns);
        }

        /// Bytes of one panel; the next one follows it.
        public long panelBytes() {
            return PanelMatrix.panelBytes(type, numColumns);
        }

        /// @throws ModelFormatException if the stored bytes or the wanted shape are others
        public PanelMatrix over(MemorySegment data, String name, int numRows, int numColumns) {
            if (this.numRows != numRows || this.numColumns != numColumns) {
                throw new ModelFormatException(
                        "%s: tensor %s is [%d, %d], config.json makes it [%d, %d]; pack the model again"
                                .formatted(
                                        FILE,
                                        name,
                                        this.numRows,
                                        this.numColumns,
                                        numRows,
                                        numColumns));
            }
            if (data.byteSize() != bytes()) {
                throw new ModelFormatException(
                        "tensor %s has %d bytes, %s makes it %d; pack the model again"
                                .formatted(name, data.byteSize(), FILE, bytes()));
            }
            return new PanelMatrix(data, type, numRows, numColumns);
        }
    }

    /// The manifest of a folder; empty if it is no packed one.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if it cannot be read
    /// @throws ModelFormatException if another version wrote it
    public static Optional<PackManifest> read(Path directory) {
        return ConfigSection.readIfPresent(directory.resolve(FILE)).map(PackManifest::from);
    }

    /// Whether any weight was rounded to 4 or 8 bits.
    public boolean isQuantized() {
        return !panels.isEmpty();
    }

    private static PackManifest from(ConfigSection file) {
        int format = file.positiveInt("format");
        if (format != FORMAT) {
            throw new ModelFormatException(
                    "%s: format %d; want %d: pack the model again with this version"
                            .formatted(FILE, format, FORMAT));
        }
        Map<String, String> sources = new LinkedHashMap<>();
        ConfigSection files = file.section("sources");
        files.keys().forEach(name -> sources.put(name, files.string(name)));
        Map<String, PanelShape> panels = new LinkedHashMap<>();
        ConfigSection tensors = file.section("panels");
        for (String name : tensors.keys()) {
            ConfigSection tensor = tensors.section(name);
            panels.put(
                    name,
                    new PanelShape(
                            type(tensor),
                            tensor.positiveInt("rows"),
                            tensor.positiveInt("columns")));
        }
        return new PackManifest(file.string("weights"), sources, panels);
    }

    private static PanelType type(ConfigSection tensor) {
        String spelling = tensor.string("type");
        for (PanelType type : PanelType.values()) {
            if (spelling(type).equals(spelling)) {
                return type;
            }
        }
        throw tensor.wrong("type", "q4, q8 or q4a");
    }

    public void write(Path directory) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        root.put("format", FORMAT);
        root.put("weights", weights);
        sources.forEach(root.putObject("sources")::put);
        ObjectNode tensors = root.putObject("panels");
        panels.forEach((name, shape) ->
                tensors.putObject(name)
                        .put("type", spelling(shape.type))
                        .put("rows", shape.numRows)
                        .put("columns", shape.numColumns));
        Files.write(directory.resolve(FILE), json.writeValueAsBytes(root));
    }

    private static String spelling(PanelType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
