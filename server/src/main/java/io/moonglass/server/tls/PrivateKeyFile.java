package io.moonglass.server.tls;

import io.moonglass.loader.fault.ConfigException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/// Reads private keys: PKCS#8, with a password or without, PKCS#1 and SEC 1. The latter two are wrapped as PKCS#8, which
/// is what the JDK reads.
///
/// Source: RFC 5958 (PKCS#8), RFC 8017 appendix A.1.2 (PKCS#1), RFC 5915 (SEC 1).
final class PrivateKeyFile {

    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    private static final byte[] RSA_ENCRYPTION =
            HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int PARAMETERS = 0xa0;
    private static final int MAX_HEADER_BYTES = 5;

    private PrivateKeyFile() {}

    /// @param password a file whose first line is the key's password
    /// @throws ConfigException if there is no key in it that can be read
    static PrivateKey read(Path file, Optional<Path> password) {
        for (PemFile.Block block : PemFile.read(file).blocks()) {
            if (block.label().endsWith("PRIVATE KEY")) {
                return key(file, block, password);
            }
        }
        throw new ConfigException(
                "%s: there is no private key in it; want -----BEGIN PRIVATE KEY-----"
                        .formatted(file));
    }

    private static PrivateKey key(Path file, PemFile.Block block, Optional<Path> password) {
        try {
            return switch (block.label()) {
                case "PRIVATE KEY" -> fromPkcs8(block.der());
                case "RSA PRIVATE KEY" -> fromPkcs8(pkcs8(RSA_ENCRYPTION, block.der()));
                case "EC PRIVATE KEY" -> fromPkcs8(pkcs8(ecAlgorithm(block.der()), block.der()));
                case "ENCRYPTED PRIVATE KEY" -> decrypted(file, block.der(), password);
                default ->
                        throw new ConfigException(
                                "%s: a %s is not read; want PKCS#8: openssl pkcs8 -topk8 -in OLD -out NEW"
                                        .formatted(file, block.label()));
            };
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            if (e instanceof ConfigException fault) {
                throw fault;
            }
            // the cause may quote the key
            throw new ConfigException(
                    "%s: the private key cannot be read%s; want RSA, EC or Ed25519 in PKCS#8, PKCS#1 or SEC 1"
                            .formatted(
                                    file,
                                    block.label().startsWith("ENCRYPTED")
                                            ? " with the password that was given"
                                            : ""));
        }
    }

    private static PrivateKey fromPkcs8(byte[] der) throws GeneralSecurityException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException e) {
                continue; // is of another algorithm
            }
        }
        throw new InvalidKeySpecException("of none of the algorithms");
    }

    private static PrivateKey decrypted(Path file, byte[] der, Optional<Path> password)
            throws GeneralSecurityException, IOException {
        Path passwordFile =
                password.orElseThrow(() ->
                        new ConfigException(
                                "%s: the private key wants a password; give a file with it as --tls-key-password-file"
                                        .formatted(file)));
        String text = PemFile.text(passwordFile).lines().findFirst().orElse("");
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        // of PKCS#5's second scheme the parameters alone tell which functions were used
        String scheme = String.valueOf(info.getAlgParameters());
        String algorithm = scheme.startsWith("PBEWith") ? scheme : info.getAlgName();
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(
                Cipher.DECRYPT_MODE,
                SecretKeyFactory.getInstance(algorithm)
                        .generateSecret(new PBEKeySpec(text.toCharArray())),
                info.getAlgParameters());
        return fromPkcs8(info.getKeySpec(cipher).getEncoded());
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, together(VERSION_0, algorithm, element(OCTET_STRING, key)));
    }

    /// The algorithm of a SEC 1 key, which names its curve among its own fields.
    private static byte[] ecAlgorithm(byte[] der) throws InvalidKeySpecException {
        ByteBuffer fields = content(ByteBuffer.wrap(der));
        while (fields.hasRemaining()) {
            int tag = Byte.toUnsignedInt(fields.get(fields.position()));
            ByteBuffer content = content(fields);
            if (tag == PARAMETERS) {
                byte[] curve = new byte[content.remaining()];
                content.get(curve);
                return element(SEQUENCE, together(EC_PUBLIC_KEY, curve));
            }
        }
        throw new InvalidKeySpecException("an EC key that does not name its curve");
    }

    /// Reads one element of DER and gives its content.
    private static ByteBuffer content(ByteBuffer der) {
        der.get(); // its tag
        int length = Byte.toUnsignedInt(der.get());
        if (length > 0x7f) {
            int numBytes = length & 0x7f;
            length = 0;
            for (int i = 0; i < numBytes; i++) {
                length = length << 8 | Byte.toUnsignedInt(der.get());
            }
        }
        ByteBuffer content = der.slice(der.position(), length);
        der.position(der.position() + length);
        return content;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteBuffer header = ByteBuffer.allocate(MAX_HEADER_BYTES).put((byte) tag);
        int length = content.length;
        if (length > 0xffff) {
            header.put((byte) 0x83).put((byte) (length >> 16)).putShort((short) length);
        } else if (length > 0x7f) {
            header.put((byte) 0x82).putShort((short) length);
        } else {
            header.put((byte) length);
        }
        byte[] start = new byte[header.flip().remaining()];
        header.get(start);
        return together(start, content);
    }

    private static byte[] together(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /// Whether all users of the machine may read it; not known, and so false, where there are no such permissions.
    static boolean isReadByAll(Path file) {
        try {
            return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
