package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataUriTest {

    private static final int MAX_BYTES = 100;
    private static final byte[] BYTES = {(byte) 0xfb, (byte) 0xff, (byte) 0xbf, 1};

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data:image/png;base64,+/+/AQ==",
                "data:image/png;base64,+/+/AQ",
                "data:image/png;base64,-_-_AQ==",
                "data:image/png;base64,-_+/AQ",
                "data:image/png;base64, +/+/\r\n\tAQ = =\n",
                "data:image/png;base64,%2B%2f%2B/AQ%3D%3d",
                "data:image/png;base64,+/+/%0D%0AAQ",
                "DATA:image/png;base64,+/+/AQ==",
                "dAtA:image/png;BASE64,+/+/AQ==",
                "data:;base64,+/+/AQ==",
                "data:application/x-never-heard-of;base64,+/+/AQ==",
                "data:text/html;charset=utf-8;base64,+/+/AQ==",
                "data:image/png;name=a.png;base64,+/+/AQ=="
            })
    void base64_is_taken_however_it_is_written(String url) {
        assertArrayEquals(BYTES, DataUri.decode(url, "image", MAX_BYTES));
    }

    @Test
    void any_bytes_come_out_as_they_went_in() {
        Random random = new Random(1);
        for (int length = 1; length <= MAX_BYTES; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            for (Base64.Encoder encoder :
                    new Base64.Encoder[] {
                        Base64.getEncoder(),
                        Base64.getEncoder().withoutPadding(),
                        Base64.getUrlEncoder(),
                        Base64.getMimeEncoder()
                    }) {
                String url = "data:image/webp;base64," + encoder.encodeToString(bytes);
                assertArrayEquals(bytes, DataUri.decode(url, "image", MAX_BYTES), url);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://example.org/a.png",
                "https://example.org/a.png",
                "file:///etc/passwd",
                "ftp://example.org/a.png",
                "jar:file:/a.jar!/b",
                "//example.org/a.png",
                "a.png",
                "",
                " data:image/png;base64,AAAA",
                "data",
                "xdata:image/png;base64,AAAA"
            })
    void no_other_address_is_fetched(String url) {
        assertEquals(
                "want a data: address with the bytes in base64", refused(url, Kind.INVALID_VALUE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data:                                | no comma after the media type",
                "data:image/png;base64                | no comma after the media type",
                "data:image/png;base64;AAAA           | no comma after the media type",
                "data:image/png,AAAA                  | not marked as base64",
                "data:,AAAA                           | not marked as base64",
                "data:image/png,%89PNG%0D%0A          | not marked as base64",
                "data:image/png;base64x,AAAA          | not marked as base64",
                "data:image/png;base64,               | no data after the comma",
                "data:image/png;base64,%20            | no data after the comma",
                "data:image/png;base64,A              | no valid base64",
                "data:image/png;base64,AAAAA          | no valid base64",
                "data:image/png;base64,AA=            | no valid base64",
                "data:image/png;base64,AAAA=          | no valid base64",
                "data:image/png;base64,AAAA====       | no valid base64",
                "data:image/png;base64,=              | no valid base64",
                "data:image/png;base64,====           | no valid base64",
                "data:image/png;base64,AA==AAAA       | no valid base64",
                "data:image/png;base64,AA*A           | no valid base64",
                "data:image/png;base64,AA%            | no valid base64",
                "data:image/png;base64,AA%4           | no valid base64",
                "data:image/png;base64,AA%zz          | no valid base64",
                "data:image/png;base64,AA%2541        | no valid base64",
                "data:image/png;base64,AA%00          | no valid base64",
                "data:image/png;base64,AAAÄ           | no valid base64",
                "data:image/png;base64,AAAA#fragment! | no valid base64",
            })
    void what_is_wrong_is_said(String url, String message) {
        String said = refused(url, Kind.INVALID_VALUE);

        assertTrue(said.contains(message), said);
    }

    @Test
    void a_media_type_without_end_is_not_searched_for_its_comma() {
        String said = refused("data:" + "a".repeat(1_000) + ";base64,AAAA", Kind.INVALID_VALUE);

        assertTrue(said.contains("no comma after the media type"), said);
    }

    @Test
    void the_limit_counts_decoded_bytes() {
        String largest = Base64.getEncoder().encodeToString(new byte[MAX_BYTES]);
        String tooLarge = Base64.getEncoder().encodeToString(new byte[MAX_BYTES + 1]);

        assertEquals(
                MAX_BYTES,
                DataUri.decode("data:;base64," + largest + "\n \n", "image", MAX_BYTES).length);
        assertEquals(
                "image of 101 bytes, the limit is 100; send a smaller one",
                refused("data:;base64," + tooLarge, Kind.MEDIA_TOO_LARGE));
    }

    private static String refused(String url, Kind kind) {
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () -> DataUri.decode(url, "image", MAX_BYTES),
                        url);
        assertEquals(kind, e.kind());
        return e.getMessage();
    }
}
