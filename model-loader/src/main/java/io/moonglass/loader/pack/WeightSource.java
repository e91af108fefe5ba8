package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/// Where the weights of a packed directory come from.
interface WeightSource {

    /// The tensors that a packed folder gets and what they are here, in the order in which they are best
    /// read.
    Map<String, PackedFile.Entry> tensors(WeightFormat format);

    /// Told before a tensor is written; one thread.
    default void begin(String name) {}

    /// Writes one panel of a matrix; called by several threads.
    ///
    /// @param member number of the thread
    void writePanel(String name, PanelMatrix target, int panel, int member);

    /// Writes elements `[from, to)` of a tensor; called by several threads.
    void writeElements(String name, ElementKind kind, MemorySegment target, long from, long to);

    /// Puts the configuration, the tokenizer and whatever else is no weight into the folder.
    void writeCompanions(Path directory) throws IOException;

    /// The files that all this is read from, and their SHA-256.
    Map<String, String> hashes() throws IOException;
}
