package io.moonglass.server.command;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Sizes of memory on the command line: a number of bytes, or of KiB, MiB, GiB, KB, MB, GB.
final class ByteSizeConverter implements ITypeConverter<Long> {

    private static final Pattern SIZE = Pattern.compile("(\\d{1,12})([KMG]i?B)?");
    private static final Map<String, Long> UNITS =
            Map.of(
                    "KiB",
                    1L << 10,
                    "MiB",
                    1L << 20,
                    "GiB",
                    1L << 30,
                    "KB",
                    1_000L,
                    "MB",
                    1_000_000L,
                    "GB",
                    1_000_000_000L);

    @Override
    public Long convert(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new TypeConversionException(
                    "\"%s\" is no size; want a whole number of bytes, or one with a unit, such as 512MiB or 4GiB"
                            .formatted(text));
        }
        long unit = size.group(2) == null ? 1 : UNITS.get(size.group(2));
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), unit);
        } catch (ArithmeticException e) {
            throw new TypeConversionException(
                    "\"%s\" is more than any machine has".formatted(text));
        }
    }
}
