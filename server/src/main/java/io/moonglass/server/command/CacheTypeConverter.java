package io.moonglass.server.command;

import io.moonglass.engine.CacheType;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The spellings of cache types on the command line.
final class CacheTypeConverter implements ITypeConverter<CacheType> {

    @Override
    public CacheType convert(String text) {
        return Arrays.stream(CacheType.values())
                .filter(type -> spelling(type).equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "want one of %s"
                                        .formatted(
                                                Arrays.stream(CacheType.values())
                                                        .map(CacheTypeConverter::spelling)
                                                        .collect(Collectors.joining(", ")))));
    }

    private static String spelling(CacheType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
