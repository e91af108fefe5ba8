package io.moonglass.vision.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What is often sent where a picture is wanted, known by its first bytes, so that a refusal can say what it is.
enum ForeignFormat {
    TIFF("a TIFF", "convert it to PNG", "II*\0", "MM\0*", "II+\0", "MM\0+"),
    JPEG_2000("a JPEG 2000 image", "convert it to PNG", "\0\0\0\fjP  ", "\u00ffO\u00ffQ"),
    JPEG_XL("a JPEG XL image", "convert it to PNG", "\u00ff\n", "\0\0\0\fJXL "),
    OPEN_EXR("an OpenEXR image", "convert it to PNG", "v/1\u0001"),
    RADIANCE("a Radiance HDR image", "convert it to PNG", "#?RADIANCE", "#?RGBE"),
    PHOTOSHOP("a Photoshop document", "save it as PNG", "8BPS"),
    ICON("an icon", "convert it to PNG", "\0\0\u0001\0"),
    PORTABLE("a portable anymap", "convert it to PNG", "P1", "P2", "P3", "P4", "P5", "P6", "P7"),
    PDF("a PDF", "send it as a file, or its pages as PNG", "%PDF-"),
    POSTSCRIPT("PostScript", "convert it to PNG", "%!PS"),
    ZIP("a ZIP archive", "send the picture inside it", "PK\u0003\u0004"),
    GZIP("gzip data", "send the picture inside it", "\u001f\u008b"),
    MATROSKA("a Matroska or WebM video", "send it as a video", "\u001aE\u00df\u00a3"),
    AVI("an AVI video", "send it as a video");

    private static final int LOOKED_AT = 256;

    private final String name;
    private final String remedy;
    private final List<String> beginnings;

    ForeignFormat(String name, String remedy, String... beginnings) {
        this.name = name;
        this.remedy = remedy;
        this.beginnings = List.of(beginnings);
    }

    /// What these bytes are and what to do about it, for a message.
    ///
    /// @param wanted instead, such as `PNG or JPEG image`
    static String describe(byte[] bytes, String wanted) {
        if (bytes.length == 0) {
            return "there are no bytes; want a " + wanted;
        }
        return known(bytes)
                .map(found -> "this is " + found)
                .orElse("the bytes are no %s; convert it to one of these".formatted(wanted));
    }

    private static Optional<String> known(byte[] bytes) {
        ByteView view = new ByteView(null, bytes);
        if (view.startsWith(4, "ftyp")) {
            return Optional.of(isoMedia(view));
        }
        if (view.startsWith(0, "RIFF") && view.startsWith(8, "AVI ")) {
            return Optional.of(AVI.described());
        }
        for (ForeignFormat format : values()) {
            if (format.beginnings.stream().anyMatch(beginning -> view.startsWith(0, beginning))) {
                return Optional.of(format.described());
            }
        }
        return markup(bytes);
    }

    private String described() {
        return name + "; " + remedy;
    }

    private static String isoMedia(ByteView view) {
        if (view.startsWith(8, "avi")) {
            return "an AVIF image; convert it to PNG";
        }
        boolean isHeic =
                view.startsWith(8, "hei") || view.startsWith(8, "hev") || view.startsWith(8, "mif");
        return isHeic ? "a HEIC image; convert it to JPEG" : "an MP4 video; send it as a video";
    }

    /// SVG and pages that say in HTML why there is no picture.
    private static Optional<String> markup(byte[] bytes) {
        String start =
                new String(bytes, 0, Math.min(bytes.length, LOOKED_AT), StandardCharsets.ISO_8859_1)
                        .toLowerCase(Locale.ROOT)
                        .replace("\u00ef\u00bb\u00bf", "")
                        .stripLeading();
        if (!start.startsWith("<")) {
            return Optional.empty();
        }
        if (start.contains("<svg")) {
            return Optional.of("an SVG drawing; convert it to PNG");
        }
        return start.contains("<html") || start.contains("<!doctype html")
                ? Optional.of("an HTML page; send the picture itself")
                : Optional.of("XML; send a picture");
    }
}
