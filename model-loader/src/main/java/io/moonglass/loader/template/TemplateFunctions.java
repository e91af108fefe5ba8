package io.moonglass.loader.template;

import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;

/// The functions that chat templates call, besides `namespace`. Public because Jinjava calls them by
/// reflection; of no use to anybody else.
public final class TemplateFunctions {

    private TemplateFunctions() {}

    static List<ELFunctionDefinition> definitions() {
        return List.of(
                function("raise_exception", "raiseException", Object.class),
                function("strftime_now", "strftimeNow", String.class),
                function("range", "range", Object[].class));
    }

    /// Refuses the messages.
    public static Object raiseException(Object message) {
        throw new RefusedByTemplate(PythonValues.str(message));
    }

    /// The local time in Python's `strftime` format.
    public static String strftimeNow(String format) {
        return StrftimeFormatter.format(ZonedDateTime.now(), format);
    }

    /// Python's `range(stop)`, `range(start, stop)` and `range(start, stop, step)`, up to a limit.
    public static List<Object> range(Object... bounds) {
        if (bounds.length < 1 || bounds.length > 3) {
            throw new IllegalArgumentException("range takes one to three numbers");
        }
        long start = bounds.length > 1 ? PythonValues.integer(bounds[0]) : 0;
        long stop = PythonValues.integer(bounds[bounds.length > 1 ? 1 : 0]);
        long step = bounds.length > 2 ? PythonValues.integer(bounds[2]) : 1;
        if (step == 0) {
            throw new IllegalArgumentException("range must not have a step of 0");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            numbers.add(i);
            PythonValues.checkSize(numbers.size());
        }
        return numbers;
    }

    private static ELFunctionDefinition function(
            String name, String method, Class<?>... parameters) {
        return new ELFunctionDefinition("", name, TemplateFunctions.class, method, parameters);
    }
}
