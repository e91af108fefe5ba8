package io.moonglass.runtime.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MediaAddressTest {

    private static MediaAddress parsed(String url) {
        return MediaAddress.parse(url, false);
    }

    private static String refusal(String url) {
        InvalidRequestException fault =
                assertThrows(InvalidRequestException.class, () -> parsed(url), url);
        assertEquals(Kind.INVALID_VALUE, fault.kind());
        return fault.getMessage();
    }

    @Test
    void an_address_is_taken_apart_once_and_its_fragment_dropped() {
        assertEquals(
                new MediaAddress("https", "media.example", 443, "/a/b.png?x=1&y=%20"),
                parsed("HTTPS://Media.Example./a/b.png?x=1&y=%20#top"));
        assertEquals(
                new MediaAddress("https", "media.example", 8443, "/"),
                parsed("https://media.example:8443"));
        assertEquals(
                new MediaAddress("https", "192.0.2.7", 443, "/?q"), parsed("https://192.0.2.7?q"));
    }

    @Test
    void an_ipv6_address_is_written_in_one_way() {
        assertEquals(
                parsed("https://[2001:DB8::0:7]/").host(), parsed("https://[2001:db8::7]/").host());
        assertEquals("169.254.169.254", parsed("https://[::ffff:169.254.169.254]/").host());
        assertEquals(
                "[2001:db8:0:0:0:0:0:7]:8443", parsed("https://[2001:db8::7]:8443/").authority());
    }

    @Test
    void letters_of_other_languages_are_encoded_in_a_path_and_refused_in_a_host() {
        assertEquals(
                "/b%C3%BCcher/%F0%9F%98%80?%C3%A4",
                parsed("https://media.example/bücher/😀?ä").target());
        assertTrue(refusal("https://bücher.example/").contains("punycode"));
        assertEquals("xn--bcher-kva.example", parsed("https://xn--bcher-kva.example/").host());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "picture.png",
                "//media.example/a",
                "https:",
                "https:media.example",
                "https:/media.example/a",
                "https:///a",
                "https://",
                "https://?a",
                "https://#a",
                "http://media.example/a",
                "http://127.1/",
                "file:///etc/passwd",
                "file://media.example/a",
                "ftp://media.example/a",
                "jar:https://media.example/a.jar!/b",
                "gopher://media.example/",
                "data:image/png;base64,AAAA",
                "view-source:https://media.example/",
                "https://user@media.example/",
                "https://user:password@media.example/",
                "https://@media.example/",
                "https://media.example@127.0.0.1/",
                "https://media.example:443@127.0.0.1/",
                "https://media.example%40127.0.0.1/",
                "https://media.example\\@127.0.0.1/",
                "https://media.example\\.evil.example/",
                "https:\\\\media.example/",
                "https://media.example/a\\b",
                "https://media.example/a b",
                " https://media.example/",
                "https://media.example/ ",
                "https://media.example/a\tb",
                "https://media.example/a\r\nHost: evil.example",
                "https://media.example/\u0000",
                "https://media.example/\u0085",
                "https://media.example\r\n.evil.example/",
                "https://media.example/\ud800",
                "https://media.example:0/",
                "https://media.example:65536/",
                "https://media.example:99999999999/",
                "https://media.example:-1/",
                "https://media.example:8a/",
                "https://media.example:80:80/",
                "https://127.1/",
                "https://127.0.1/",
                "https://2130706433/",
                "https://0x7f000001/",
                "https://0x7f.0.0.1/",
                "https://127.0.0.0x1/",
                "https://0177.0.0.1/",
                "https://127.0.0.01/",
                "https://127.0.0.256/",
                "https://127.0.0.1./a.1",
                "https://1.2.3.4.5/",
                "https://media.example.1/",
                "https://[::1",
                "https://::1/",
                "https://[fe80::1%25eth0]/",
                "https://[fe80::1%eth0]/",
                "https://[v1.fe80]/",
                "https://[::ffff:127.1]/",
                "https://[127.0.0.1]/",
                "https://[]/",
                "https://media..example/",
                "https://.media.example/",
                "https://-media.example/",
                "https://media-.example/",
                "https://me_dia.example/",
                "https://media.example../",
                "https://m%65dia.example/",
                "https://１２７.0.0.1/",
                "https://media。example/",
                "https://media.example/%",
                "https://media.example/%zz",
                "https://media.example/a|b",
                "https://media.example/<a>",
                "https://exa mple.com/"
            })
    void whatever_might_be_read_in_two_ways_is_refused(String url) {
        assertTrue(refusal(url).startsWith("the address \""));
    }

    @Test
    void labels_and_addresses_of_any_length_are_refused_with_the_limit() {
        refusal("https://" + "a".repeat(64) + ".example/");
        refusal("https://" + "a.".repeat(130) + "example/");
        String long8k = "https://media.example/" + "a".repeat(MediaAddress.MAX_LENGTH - 22);
        assertEquals(MediaAddress.MAX_LENGTH, long8k.length());
        parsed(long8k);
        assertTrue(refusal(long8k + "a").contains("the limit is 8,192"));
    }

    @Test
    void tricks_with_marks_do_not_change_the_host() {
        assertEquals("media.example", parsed("https://media.example#@127.0.0.1/").host());
        assertEquals("media.example", parsed("https://media.example?@127.0.0.1/").host());
        assertEquals("media.example", parsed("https://media.example/@127.0.0.1/").host());
        assertEquals("media.example", parsed("https://media.example#\u00a0//127.0.0.1").host());
    }

    @Test
    void a_message_shows_an_address_shortened_and_without_what_upsets_a_log() {
        String message = refusal("https://media.example/\u001b[31m\r\n\"" + "x".repeat(500));
        assertTrue(message.contains("\"https://media.example/?[31m???xxx"), message);
        assertTrue(message.length() < 200, message);
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example/x/y?q=1, z, /x/z",
        "https://a.example/x/y?q=1, z?r=2, /x/z?r=2",
        "https://a.example/x/y?q=1, ?r=2, /x/y?r=2",
        "https://a.example/x/y?q=1, '', /x/y?q=1",
        "https://a.example/x/y?q=1, #f, /x/y?q=1",
        "https://a.example/x/y, ../z, /z",
        "https://a.example/x/y, ../../../z, /z",
        "https://a.example/x/y, ./z/., /x/z",
        "https://a.example/x/y, z//w, /x/z//w",
        "https://a.example/x/y, z?a=../b, /x/z?a=../b",
        "https://a.example/x/y?p=/q/r, z, /x/z",
        "https://a.example, z, /z",
        "https://a.example, ?q, /?q",
        "https://a.example/x, /z, /z",
    })
    void a_relative_redirect_stays_at_its_host(String from, String reference, String target) {
        assertEquals(
                new MediaAddress("https", "a.example", 443, target),
                parsed(from).resolve(reference, false));
    }

    @Test
    void a_redirect_may_name_another_host_or_port_and_is_checked_anew() {
        MediaAddress from = parsed("https://a.example:8443/x");
        assertEquals("b.example", from.resolve("//b.example/z", false).host());
        assertEquals(443, from.resolve("//b.example/z", false).port());
        assertEquals(8443, from.resolve("/z", false).port());
        assertThrows(InvalidRequestException.class, () -> from.resolve("//u@b.example/", false));
        assertThrows(InvalidRequestException.class, () -> from.resolve("\\\\b.example/", false));
        assertThrows(
                InvalidRequestException.class, () -> from.resolve("file:///etc/passwd", false));
        assertThrows(InvalidRequestException.class, () -> from.resolve("javascript:1", false));
    }

    @Test
    void http_is_taken_where_it_is_allowed_and_never_after_https() {
        MediaAddress plain = MediaAddress.parse("http://a.example/", true);
        assertEquals(80, plain.port());
        assertEquals("http", plain.resolve("/z", true).scheme());
        assertEquals("https", plain.resolve("https://a.example/", true).scheme());
        assertThrows(
                InvalidRequestException.class,
                () -> parsed("https://a.example/").resolve("http://a.example/", true));
    }
}
