package io.moonglass.loader.digest;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The hash that everything here is told apart by.
public final class Sha256 {

    private Sha256() {}

    /// A new one that has seen nothing.
    public static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
