package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.ConfigException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A block of addresses in CIDR form, as `10.20.0.0/16` or `fd00::/8` (RFC 4632, RFC 4291). An
/// address alone is a block of one.
///
/// @param first      its first address
/// @param prefixBits how many leading bits all of them share
public record AddressRange(InetAddress first, int prefixBits) {

    private static final Pattern PARTS =
            Pattern.compile("(?<address>[0-9a-fA-F:.]{2,45})(/(?<bits>\\d{1,3}))?");

    /// @param text as the operator wrote it
    /// @throws ConfigException if it is no block, or has bits after its prefix, which is mostly a slip
    public static AddressRange parse(String text) {
        Matcher parts = PARTS.matcher(text.strip());
        Optional<InetAddress> first =
                parts.matches() ? address(parts.group("address")) : Optional.empty();
        if (first.isEmpty()) {
            throw notOne(text);
        }
        int allBits = first.get().getAddress().length * Byte.SIZE;
        String bits = parts.group("bits");
        int prefixBits = bits == null ? allBits : Integer.parseInt(bits);
        if (prefixBits > allBits || hasBitsFrom(first.get().getAddress(), prefixBits)) {
            throw notOne(text);
        }
        return new AddressRange(first.get(), prefixBits);
    }

    private static Optional<InetAddress> address(String text) {
        return HostSyntax.address(text.contains(":") ? "[" + text.toLowerCase() + "]" : text);
    }

    private static ConfigException notOne(String text) {
        return new ConfigException(
                "media network \"%s\" is no block of addresses; want one like 10.20.0.0/16 or fd00:1::/32, with nothing but zeros after the prefix"
                        .formatted(text));
    }

    private static boolean hasBitsFrom(byte[] address, int from) {
        for (int bit = from; bit < address.length * Byte.SIZE; bit++) {
            if (bit(address, bit) != 0) {
                return true;
            }
        }
        return false;
    }

    private static int bit(byte[] address, int at) {
        return address[at / Byte.SIZE] >> (Byte.SIZE - 1 - at % Byte.SIZE) & 1;
    }

    /// Addresses of the other family are in no block.
    boolean contains(InetAddress address) {
        byte[] mine = first.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < prefixBits; bit++) {
            if (bit(mine, bit) != bit(other, bit)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return first.getHostAddress() + "/" + prefixBits;
    }
}
