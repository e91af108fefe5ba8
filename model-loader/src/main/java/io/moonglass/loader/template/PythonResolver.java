package io.moonglass.loader.template;

import com.hubspot.jinjava.el.TypeConvertingMapELResolver;
import com.hubspot.jinjava.el.ext.JinjavaBeanELResolver;
import com.hubspot.jinjava.el.ext.JinjavaListELResolver;
import com.hubspot.jinjava.el.ext.NamedParameter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import java.beans.FeatureDescriptor;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;
import jinjava.javax.el.MethodNotFoundException;
import jinjava.javax.el.PropertyNotWritableException;

/// What a template may reach from a value: items, loop counters and Python's methods. Jinjava's own
/// resolver would let it call any public Java method; here reflection serves the engine's filters and
/// tests alone.
final class PythonResolver extends ELResolver {

    private final ELResolver maps = new TypeConvertingMapELResolver(true);
    private final ELResolver lists = new JinjavaListELResolver(true);
    private final ELResolver filters = new JinjavaBeanELResolver(true);

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        context.setPropertyResolved(true);
        return switch (base) {
            case Map<?, ?> _ -> maps.getValue(context, base, property);
            case List<?> _ -> lists.getValue(context, base, property);
            case String text -> character(text, property);
            case PythonLoop loop -> loop.property(String.valueOf(property));
            case null, default -> null;
        };
    }

    @Override
    public Object invoke(
            ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        context.setPropertyResolved(true);
        String name = String.valueOf(method);
        Object[] given = arguments == null ? new Object[0] : arguments;
        try {
            return switch (base) {
                case Filter _, ExpTest _ -> filters.invoke(context, base, method, types, given);
                case String text -> PythonStrings.call(text, name, positional(given));
                case Map<?, ?> map -> PythonStrings.call(map, name, positional(given));
                case null, default ->
                        throw new MethodNotFoundException("no method %s here".formatted(name));
            };
        } catch (IllegalArgumentException e) {
            // Jinjava takes this exception for "no such method" and renders nothing.
            throw new ELException(name + ": " + e.getMessage(), e);
        }
    }

    /// `text[index]`, from the end if negative; undefined beyond it, like any unknown property.
    private static Object character(String text, Object property) {
        String index = String.valueOf(property);
        if (!index.matches("-?[0-9]{1,9}")) {
            return null;
        }
        int length = text.codePointCount(0, text.length());
        int position = Integer.parseInt(index);
        position = position < 0 ? position + length : position;
        if (position < 0 || position >= length) {
            return null;
        }
        return Character.toString(text.codePointAt(text.offsetByCodePoints(0, position)));
    }

    private static Object[] positional(Object[] arguments) {
        for (Object argument : arguments) {
            if (argument instanceof NamedParameter named) {
                throw new IllegalArgumentException("no named argument " + named.getName());
            }
        }
        return arguments;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return Object.class;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        throw new PropertyNotWritableException("a template cannot change a value");
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return null;
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }
}
