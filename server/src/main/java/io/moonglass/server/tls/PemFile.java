package io.moonglass.server.tls;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A file of blocks between lines of dashes; what stands between blocks is passed over.
///
/// Source: RFC 7468, "Textual Encodings of PKIX, PKCS, and CMS Structures".
record PemFile(Path file, List<Block> blocks) {

    private static final int MAX_BYTES = 1 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

    /// @param label `CERTIFICATE`, for one
    /// @param der   the block's bytes; empty where what is in it is no plain Base64
    record Block(String label, byte[] der) {}

    /// @throws ConfigException if it cannot be read or has no block
    static PemFile read(Path file) {
        Matcher block = BLOCK.matcher(text(file));
        List<Block> blocks = new ArrayList<>();
        while (block.find()) {
            blocks.add(new Block(block.group(1), bytes(block.group(2))));
        }
        if (blocks.isEmpty()) {
            throw new ConfigException(
                    "%s: no PEM; want blocks that begin with -----BEGIN ...-----".formatted(file));
        }
        return new PemFile(file, List.copyOf(blocks));
    }

    /// What a file holds as text.
    ///
    /// @throws ConfigException if it cannot be read, or is too large to be one of keys or certificates
    static String text(Path file) {
        try (InputStream content = Files.newInputStream(file)) {
            byte[] bytes = content.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new ConfigException(
                        "%s: larger than %,d bytes, so no file of keys or certificates"
                                .formatted(file, MAX_BYTES));
            }
            return new String(bytes, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read (%s); want a PEM file that may be read"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
    }

    private static byte[] bytes(String base64) {
        try {
            return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
