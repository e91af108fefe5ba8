package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moonglass.loader.fault.InvalidRequestException;
import java.nio.charset.StandardCharsets;

/// Whatever a `data:` address holds, it is bytes within the limit or a caller's fault. Without `JAZZER_FUZZ` the corpus
/// is replayed.
class DataUriFuzzTest {

    private static final int MAX_BYTES = 1 << 10;

    @FuzzTest(maxDuration = "10m")
    void an_address_is_bytes_within_the_limit_or_refused(byte[] text) {
        try {
            byte[] bytes =
                    DataUri.decode(
                            new String(text, StandardCharsets.ISO_8859_1), "image", MAX_BYTES);
            assertTrue(bytes.length > 0 && bytes.length <= MAX_BYTES);
        } catch (InvalidRequestException e) {
            assertTrue(e.getMessage().length() < 300, e.getMessage());
        }
    }
}
