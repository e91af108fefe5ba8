package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Where the weights of a packed directory come from.
interface WeightSource extends AutoCloseable {

    /// What a packed folder gets, in the order in which the tensors are best read.
    PackLayout layout(WeightFormats formats);

    /// Told before a tensor is written; one thread.
    default void begin(String name) {}

    /// Writes one panel of a matrix; called by several threads.
    ///
    /// @param target the panel alone: the matrix' rows from 16 times its number on
    /// @param member number of the thread
    void writePanel(String name, int panel, PanelMatrix target, int member);

    /// Writes elements `[from, to)` of a tensor; called by several threads.
    ///
    /// @param target room for these
    void writeElements(String name, ElementKind kind, long from, long to, MemorySegment target);

    /// Refuses what could not be loaded later, before tens of gigabytes are packed.
    ///
    /// @throws io.moonglass.loader.fault.ModelFormatException if it would not be
    default void checkCompanions() {}

    /// Puts the configuration, the tokenizer and whatever else is no weight into the folder.
    void writeCompanions(Path directory) throws IOException;

    /// The files that all this is read from, and their SHA-256.
    Map<String, String> hashes() throws IOException;

    /// What tells these files from others, a line each, without reading weights.
    List<String> state() throws IOException;

    /// What an operator should know of the source, a line each.
    default List<String> notes() {
        return List.of();
    }

    /// What became of the tensors, as far as it was measured; after they were written.
    default PackReport report() {
        return PackReport.EMPTY;
    }

    /// Closes what was opened to read from.
    @Override
    default void close() {}
}
