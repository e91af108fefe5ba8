package io.moonglass.runtime.check;

import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.loader.safetensors.StoredTensor;
import java.util.Arrays;
import java.util.Optional;

/// Compares the decoded blocks of GGUF files with recorded ones, bit for bit.
final class BlockCheck {

    private static final String BYTES = ".bytes";
    private static final String VALUES = ".values";

    private final CheckReport report;

    BlockCheck(CheckReport report) {
        this.report = report;
    }

    /// gguf_blocks.safetensors: what the blocks of each type hold, and their values.
    void blocks(SafetensorsFile recorded) {
        for (StoredTensor stored : recorded.tensors().values()) {
            String name = stored.name();
            String type = name.substring(0, Math.max(0, name.lastIndexOf('.')));
            if (name.endsWith(BYTES)) {
                blocks("gguf_blocks/" + type, type, stored, recorded.tensor(type + VALUES));
            } else if (!recorded.tensors().containsKey(type + BYTES)) {
                report.impossible("gguf_blocks/" + name, "no blocks are recorded for it");
            }
        }
    }

    private void blocks(String group, String name, StoredTensor stored, StoredTensor values) {
        Optional<GgmlType> known =
                Arrays.stream(GgmlType.values()).filter(t -> t.name().equals(name)).findFirst();
        if (known.isEmpty() || stored.data().byteSize() % known.get().blockBytes() != 0) {
            report.impossible(group, "no whole blocks of a type that is read");
            return;
        }
        GgmlType type = known.get();
        int numBlocks = Math.toIntExact(stored.data().byteSize() / type.blockBytes());
        float[] decoded = new float[Math.multiplyExact(numBlocks, type.blockLength())];
        type.decode(stored.data(), 0, numBlocks, decoded, 0);
        report.integers(group, bits(values.floats()), bits(decoded));
    }

    private static long[] bits(float[] values) {
        long[] bits = new long[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
