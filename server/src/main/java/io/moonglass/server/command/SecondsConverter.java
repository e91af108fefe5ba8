package io.moonglass.server.command;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Times on the command line, in seconds: a number of them, or of ms, s, m, h or d.
final class SecondsConverter implements ITypeConverter<Double> {

    private static final Pattern TIME =
            Pattern.compile("(-?\\d{1,18}(?:\\.\\d{1,18})?)(ms|s|m|h|d)?");
    private static final Map<String, Double> UNITS =
            Map.of("ms", 1e-3, "s", 1.0, "m", 60.0, "h", 3600.0, "d", 86_400.0);

    @Override
    public Double convert(String text) {
        Matcher time = TIME.matcher(text);
        if (!time.matches()) {
            throw new TypeConversionException(
                    "\"%s\" is no time; want seconds, or a number with a unit, such as 90s, 10m or 500ms"
                            .formatted(text));
        }
        double unit = time.group(2) == null ? 1 : UNITS.get(time.group(2));
        return Double.parseDouble(time.group(1)) * unit;
    }
}
