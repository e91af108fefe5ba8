package io.moonglass.server.command;

import io.moonglass.loader.pack.WeightFormat;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The spellings of weight formats on the command line.
final class FormatConverter implements ITypeConverter<WeightFormat>, Iterable<String> {

    @Override
    public WeightFormat convert(String spelling) {
        return Arrays.stream(WeightFormat.values())
                .filter(format -> format.spelling().equals(spelling))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "want one of %s"
                                        .formatted(
                                                spellings().stream()
                                                        .collect(Collectors.joining(", ")))));
    }

    @Override
    public Iterator<String> iterator() {
        return spellings().iterator();
    }

    private static List<String> spellings() {
        return Arrays.stream(WeightFormat.values()).map(WeightFormat::spelling).toList();
    }
}
