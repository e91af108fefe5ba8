package io.moonglass.server.hub;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What a hub says that a file's bytes hash to.
sealed interface FileHash {

    /// In hexadecimal; the name of the file's bytes in the Hugging Face cache.
    String hex();

    /// What messages call it.
    String kind();

    /// A digest that is ready to take the bytes of a file of this size.
    MessageDigest digest(long size);

    default boolean is(byte[] digest) {
        return HexFormat.of().formatHex(digest).equals(hex());
    }

    /// Of a large file, which lies in the hub's large file storage.
    record Sha256(String hex) implements FileHash {

        @Override
        public String kind() {
            return "SHA-256";
        }

        @Override
        public MessageDigest digest(long size) {
            return algorithm("SHA-256");
        }
    }

    /// Of a small file: its name as an object of git.
    ///
    /// Source: Pro Git, second edition, 10.2 "Git Objects": SHA-1 of `blob SIZE`, a zero byte and the content.
    record GitBlob(String hex) implements FileHash {

        @Override
        public String kind() {
            return "git hash";
        }

        @Override
        public MessageDigest digest(long size) {
            MessageDigest digest = algorithm("SHA-1");
            digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
            return digest;
        }
    }

    private static MessageDigest algorithm(String name) {
        try {
            return MessageDigest.getInstance(name);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + name, e);
        }
    }
}
