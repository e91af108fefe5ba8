package io.moonglass.server.command;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Constants that are spelled in lower case on the command line.
class LowerCaseConverter<E extends Enum<E>> implements ITypeConverter<E>, Iterable<String> {

    private final E[] constants;

    LowerCaseConverter(E[] constants) {
        this.constants = constants;
    }

    @Override
    public E convert(String text) {
        return Arrays.stream(constants)
                .filter(constant -> spelling(constant).equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "want %s"
                                        .formatted(
                                                Arrays.stream(constants)
                                                        .map(LowerCaseConverter::spelling)
                                                        .collect(Collectors.joining(" or ")))));
    }

    @Override
    public Iterator<String> iterator() {
        return Arrays.stream(constants).map(LowerCaseConverter::spelling).iterator();
    }

    private static String spelling(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
