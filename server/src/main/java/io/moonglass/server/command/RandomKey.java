package io.moonglass.server.command;

import java.security.SecureRandom;
import java.util.Base64;

/// A key that nobody can guess.
final class RandomKey {

    private static final int NUM_BYTES = 32;
    private static final String PREFIX = "mg-";

    private RandomKey() {}

    static String make() {
        byte[] random = new byte[NUM_BYTES];
        new SecureRandom().nextBytes(random);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }
}
