package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPolicyTest {

    private static final AddressPolicy STRICT = new AddressPolicy(List.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.255",
                "169.254.0.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.1",
                "192.0.0.255",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.1",
                "192.168.255.255",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.255",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::7f00:1",
                "::ffff:10.0.0.1",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b::7f00:1",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "2002:7f00:1::",
                "2002:808:808::1",
                "3fff::1",
                "3fff:fff::1",
                "5f00::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "4000::1",
                "1fff::1"
            })
    void an_address_that_is_not_public_is_denied(String address) {
        assertFalse(STRICT.permits(InetAddress.ofLiteral(address)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.1",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.1.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "::ffff:8.8.8.8",
                "64:ff9b::808:808",
                "2000::1",
                "2001:200::1",
                "2001:4860:4860::8888",
                "2001:db9::1",
                "2003::1",
                "2606:4700::1",
                "3ffe:ffff::1",
                "3fff:1000::1"
            })
    void a_public_address_is_permitted(String address) {
        assertTrue(STRICT.permits(InetAddress.ofLiteral(address)));
    }

    @Test
    void a_mapped_address_that_a_resolver_kept_as_ipv6_is_denied() throws UnknownHostException {
        byte[] mapped = new byte[16];
        mapped[10] = mapped[11] = (byte) 0xff;
        mapped[12] = 127;
        mapped[15] = 1;
        assertFalse(STRICT.permits(Inet6Address.getByAddress(null, mapped, -1)));
    }

    @Test
    void an_operators_network_is_permitted_and_nothing_beside_it() {
        AddressPolicy policy =
                new AddressPolicy(
                        List.of(
                                AddressRange.parse("10.20.0.0/16"),
                                AddressRange.parse("fd00:1::/32")));
        assertTrue(policy.permits(InetAddress.ofLiteral("10.20.255.1")));
        assertTrue(policy.permits(InetAddress.ofLiteral("fd00:1::7")));
        assertTrue(policy.permits(InetAddress.ofLiteral("64:ff9b::a14:1")));
        assertFalse(policy.permits(InetAddress.ofLiteral("10.21.0.1")));
        assertFalse(policy.permits(InetAddress.ofLiteral("fd00:2::7")));
        assertTrue(policy.permits(InetAddress.ofLiteral("8.8.8.8")));
    }

    @Test
    void a_range_is_read_as_it_is_written() {
        assertEquals("10.20.0.0/16", AddressRange.parse(" 10.20.0.0/16").toString());
        assertEquals("10.20.0.7/32", AddressRange.parse("10.20.0.7").toString());
        assertEquals("0.0.0.0/0", AddressRange.parse("0.0.0.0/0").toString());
        assertEquals(128, AddressRange.parse("FD00::1").prefixBits());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.0/33",
                "10.1/16",
                "10.20.0.1/16",
                "fd00::1/64",
                "fd00::/129",
                "example.com",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "010.0.0.0/8",
                "[fd00::]/8",
                "1.2.3.4/8/8"
            })
    void what_is_no_range_is_the_operators_fault(String text) {
        String message =
                assertThrows(ConfigException.class, () -> AddressRange.parse(text)).getMessage();
        assertTrue(message.contains("\"" + text + "\""), message);
    }
}
