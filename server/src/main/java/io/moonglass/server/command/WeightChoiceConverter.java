package io.moonglass.server.command;

import io.moonglass.loader.pack.WeightChoice;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The spellings of what a model is computed from: those of formats, and `stored`.
final class WeightChoiceConverter implements ITypeConverter<WeightChoice>, Iterable<String> {

    private static final String STORED = "stored";

    private final FormatConverter formats = new FormatConverter();

    @Override
    public WeightChoice convert(String spelling) {
        if (spelling.equals(STORED)) {
            return new WeightChoice.Stored();
        }
        if (!spellings().contains(spelling)) {
            throw new TypeConversionException(
                    "want one of %s".formatted(String.join(", ", spellings())));
        }
        return new WeightChoice.Packed(formats.convert(spelling));
    }

    @Override
    public Iterator<String> iterator() {
        return spellings().iterator();
    }

    private List<String> spellings() {
        List<String> spellings = new ArrayList<>();
        formats.forEach(spellings::add);
        spellings.add(STORED);
        return spellings;
    }
}
