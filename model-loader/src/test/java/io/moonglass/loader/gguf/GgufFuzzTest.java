package io.moonglass.loader.gguf;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;

/// Whatever a file holds, it is read within its bytes or refused with one line. Without `JAZZER_FUZZ=1` the corpus is
/// replayed.
class GgufFuzzTest {

    private static final Path NAME = Path.of("model.gguf");

    private static final List<BiFunction<GgufMetadata, String, Object>> GETTERS =
            List.of(
                    GgufMetadata::string,
                    GgufMetadata::integer,
                    GgufMetadata::real,
                    GgufMetadata::bool,
                    GgufMetadata::strings,
                    GgufMetadata::integers,
                    GgufMetadata::reals);

    @FuzzTest(maxDuration = "10m")
    void a_file_is_read_within_its_bytes_or_refused(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment file = arena.allocate(Math.max(1, bytes.length)).asSlice(0, bytes.length);
            file.copyFrom(MemorySegment.ofArray(bytes));
            GgufPart part;
            try {
                part = GgufPart.parse(NAME, file.asReadOnly());
            } catch (ModelFormatException expected) {
                checkMessage(expected);
                return;
            }
            part.metadata().keys().forEach(key -> read(part.metadata(), key));
            part.tensors().forEach(tensor -> decodeEnds(tensor, file));
        }
    }

    private static void read(GgufMetadata metadata, String key) {
        for (BiFunction<GgufMetadata, String, Object> getter : GETTERS) {
            try {
                getter.apply(metadata, key);
            } catch (ModelFormatException expected) {
                checkMessage(expected);
            }
        }
    }

    private static void decodeEnds(GgufTensor tensor, MemorySegment file) {
        long begin = tensor.data().address() - file.address();
        check(begin >= 0 && begin + tensor.data().byteSize() <= file.byteSize());
        check(tensor.data().byteSize() == tensor.type().bytes(tensor.size()));
        int length = tensor.type().blockLength();
        float[] block = new float[length];
        tensor.decode(0, length, block, 0);
        tensor.decode(tensor.size() - length, tensor.size(), block, 0);
    }

    private static void checkMessage(ModelFormatException fault) {
        String message = fault.getMessage();
        check(message.length() < 500 && message.chars().allMatch(c -> c >= ' ' && c < 127));
    }

    private static void check(boolean promise) {
        if (!promise) {
            throw new AssertionError("a promise is broken");
        }
    }
}
