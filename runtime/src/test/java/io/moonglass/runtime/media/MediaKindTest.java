package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaKindTest {

    @ParameterizedTest
    @CsvSource({
        "....ftypisom...., VIDEO",
        "....ftypqt  ...., VIDEO",
        "....moov....mvhd, VIDEO",
        "....wide....mdat, VIDEO",
        "RIFF....AVI LIST, VIDEO",
        "....ftypheic...., PICTURE",
        "....ftypavif...., PICTURE",
        "RIFF....WEBPVP8 , PICTURE",
        "%PDF-1.7........, DOCUMENT",
        "junk first %PDF-, DOCUMENT",
        "hello, PICTURE"
    })
    void a_files_first_bytes_say_what_it_is(String head, MediaKind kind) {
        assertEquals(kind, MediaKind.of(head.getBytes(StandardCharsets.ISO_8859_1)));
    }
}
