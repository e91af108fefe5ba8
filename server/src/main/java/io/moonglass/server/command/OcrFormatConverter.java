package io.moonglass.server.command;

import io.moonglass.clients.ocr.OcrFormat;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads `--format` of `ocr`.
final class OcrFormatConverter implements ITypeConverter<OcrFormat>, Iterable<String> {

    @Override
    public OcrFormat convert(String text) {
        return Arrays.stream(OcrFormat.values())
                .filter(format -> spelling(format).equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "'%s'; want %s".formatted(text, String.join(" or ", this))));
    }

    @Override
    public Iterator<String> iterator() {
        return Arrays.stream(OcrFormat.values()).map(OcrFormatConverter::spelling).iterator();
    }

    private static String spelling(OcrFormat format) {
        return format.name().toLowerCase(Locale.ROOT);
    }
}
