package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.ElementBlocks.FLOAT;
import static io.moonglass.loader.gguf.ElementBlocks.SHORT;
import static io.moonglass.loader.gguf.SmallBlocks.INT;
import static io.moonglass.loader.gguf.SmallBlocks.LONG;

import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// The keys of a GGUF file and their values, which are read from the file whenever they are asked for: not after it was
/// closed.
///
/// A getter throws [ModelFormatException] if the key is not there or has a value of another kind.
public final class GgufMetadata {

    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int ARRAY_HEADER = Integer.BYTES + Long.BYTES;
    private static final int MAX_SHOWN = 40;

    private final String file;
    private final Map<String, GgufValue> values;

    /// @param file its name, for messages
    GgufMetadata(String file, Map<String, GgufValue> values) {
        this.file = file;
        this.values = Collections.unmodifiableMap(values);
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    /// In the file's order.
    public Set<String> keys() {
        return values.keySet();
    }

    public String string(String key) {
        GgufValue value = value(key, "a string");
        if (value.type() != ValueType.STRING) {
            throw wrong(key, "a string");
        }
        return text(key, value.bytes(), 0);
    }

    public Optional<String> optionalString(String key) {
        return has(key) ? Optional.of(string(key)) : Optional.empty();
    }

    /// An integer of any width.
    public long integer(String key) {
        GgufValue value = value(key, "an integer");
        return integer(key, value.type(), value.bytes(), 0);
    }

    public OptionalLong optionalInteger(String key) {
        return has(key) ? OptionalLong.of(integer(key)) : OptionalLong.empty();
    }

    /// A number of any kind. A float32 comes as the decimal number that it is written as, 1e-5 and not
    /// 9.999999747378752e-6; made a float again it is the same.
    public double real(String key) {
        GgufValue value = value(key, "a number");
        return real(key, value.type(), value.bytes(), 0);
    }

    public OptionalDouble optionalReal(String key) {
        return has(key) ? OptionalDouble.of(real(key)) : OptionalDouble.empty();
    }

    public boolean bool(String key) {
        GgufValue value = value(key, "true or false");
        byte stored =
                value.type() == ValueType.BOOL ? value.bytes().get(ValueLayout.JAVA_BYTE, 0) : -1;
        if (stored != 0 && stored != 1) {
            throw wrong(key, "true or false");
        }
        return stored == 1;
    }

    public Optional<Boolean> optionalBool(String key) {
        return has(key) ? Optional.of(bool(key)) : Optional.empty();
    }

    public List<String> strings(String key) {
        MemorySegment array = stringArray(key);
        int count = count(array);
        List<String> strings = new ArrayList<>(count);
        long at = ARRAY_HEADER;
        for (int i = 0; i < count; i++) {
            strings.add(text(key, array, at));
            at += Long.BYTES + array.get(LONG, at);
        }
        return Collections.unmodifiableList(strings);
    }

    /// Of an array of strings, without reading them.
    int numStrings(String key) {
        return count(stringArray(key));
    }

    /// Where a string stands in an array of strings; the others are not read.
    ///
    /// @param from the first place that counts
    OptionalInt index(String key, String wanted, int from) {
        MemorySegment array = stringArray(key);
        MemorySegment text = MemorySegment.ofArray(wanted.getBytes(StandardCharsets.UTF_8));
        int count = count(array);
        long at = ARRAY_HEADER;
        for (int i = 0; i < count; i++) {
            long length = array.get(LONG, at);
            at += Long.BYTES;
            if (i >= from
                    && length == text.byteSize()
                    && array.asSlice(at, length).mismatch(text) < 0) {
                return OptionalInt.of(i);
            }
            at += length;
        }
        return OptionalInt.empty();
    }

    private MemorySegment stringArray(String key) {
        MemorySegment array = array(key, "an array of strings");
        if (elementType(array) != ValueType.STRING) {
            throw wrong(key, "an array of strings");
        }
        return array;
    }

    /// An array of integers of any width.
    public long[] integers(String key) {
        MemorySegment array = array(key, "an array of integers");
        ValueType type = elementType(array);
        long[] integers = new long[count(array)];
        for (int i = 0; i < integers.length; i++) {
            integers[i] = integer(key, type, array, ARRAY_HEADER + (long) i * type.bytes());
        }
        return integers;
    }

    /// An array of numbers of any kind, as [#real(String)] gives them.
    public double[] reals(String key) {
        MemorySegment array = array(key, "an array of numbers");
        ValueType type = elementType(array);
        double[] reals = new double[count(array)];
        for (int i = 0; i < reals.length; i++) {
            reals[i] = real(key, type, array, ARRAY_HEADER + (long) i * type.bytes());
        }
        return reals;
    }

    /// A fault of a value that has the right type.
    public ModelFormatException wrong(String key, String wanted) {
        return new ModelFormatException(
                "%s: key %s is %s; want %s"
                        .formatted(file, GgufPart.shown(key), shown(values.get(key)), wanted));
    }

    private GgufValue value(String key, String wanted) {
        GgufValue value = values.get(key);
        if (value == null) {
            throw new ModelFormatException(
                    "%s: no key %s; want %s: take a file that a current converter made"
                            .formatted(file, GgufPart.shown(key), wanted));
        }
        return value;
    }

    private MemorySegment array(String key, String wanted) {
        GgufValue value = value(key, wanted);
        if (value.type() != ValueType.ARRAY) {
            throw wrong(key, wanted);
        }
        return value.bytes();
    }

    private static ValueType elementType(MemorySegment array) {
        return ValueType.values()[array.get(INT, 0)];
    }

    private static int count(MemorySegment array) {
        return (int) array.get(LONG, Integer.BYTES);
    }

    private String text(String key, MemorySegment bytes, long at) {
        return GgufCursor.utf8(
                file,
                "key " + GgufPart.shown(key),
                bytes.asSlice(at + Long.BYTES, bytes.get(LONG, at)));
    }

    private long integer(String key, ValueType type, MemorySegment bytes, long at) {
        return switch (type) {
            case U8 -> bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff;
            case I8 -> bytes.get(ValueLayout.JAVA_BYTE, at);
            case U16 -> bytes.get(SHORT, at) & 0xffff;
            case I16 -> bytes.get(SHORT, at);
            case U32 -> Integer.toUnsignedLong(bytes.get(INT, at));
            case I32 -> bytes.get(INT, at);
            case I64 -> bytes.get(LONG, at);
            case U64 -> {
                long value = bytes.get(LONG, at);
                if (value < 0) {
                    throw wrong(key, "less than 2^63");
                }
                yield value;
            }
            case F32, F64, BOOL, STRING, ARRAY -> throw wrong(key, "integers");
        };
    }

    private double real(String key, ValueType type, MemorySegment bytes, long at) {
        return switch (type) {
            case F32 -> Double.parseDouble(Float.toString(bytes.get(FLOAT, at)));
            case F64 -> bytes.get(DOUBLE, at);
            case U8, I8, U16, I16, U32, I32, U64, I64 -> integer(key, type, bytes, at);
            case BOOL, STRING, ARRAY -> throw wrong(key, "numbers");
        };
    }

    /// What a message says of a value: never more than a few words of the file's.
    private static String shown(GgufValue value) {
        MemorySegment bytes = value.bytes();
        return switch (value.type()) {
            case U8, I8, U16, I16, U32, I32, U64, I64, F32, F64, BOOL ->
                    "the %s %s".formatted(spelling(value.type()), number(value));
            case STRING -> "the string \"%s\"".formatted(beginning(bytes.asSlice(Long.BYTES)));
            case ARRAY ->
                    "an array of %,d values of type %s"
                            .formatted(count(bytes), spelling(elementType(bytes)));
        };
    }

    private static String number(GgufValue value) {
        MemorySegment bytes = value.bytes();
        return switch (value.type()) {
            case U8 -> Integer.toString(bytes.get(ValueLayout.JAVA_BYTE, 0) & 0xff);
            case I8, BOOL -> Byte.toString(bytes.get(ValueLayout.JAVA_BYTE, 0));
            case U16 -> Integer.toString(bytes.get(SHORT, 0) & 0xffff);
            case I16 -> Short.toString(bytes.get(SHORT, 0));
            case U32 -> Integer.toUnsignedString(bytes.get(INT, 0));
            case I32 -> Integer.toString(bytes.get(INT, 0));
            case U64 -> Long.toUnsignedString(bytes.get(LONG, 0));
            case I64 -> Long.toString(bytes.get(LONG, 0));
            case F32 -> Float.toString(bytes.get(FLOAT, 0));
            case F64 -> Double.toString(bytes.get(DOUBLE, 0));
            case STRING, ARRAY ->
                    throw new IllegalArgumentException(value.type() + " is no number");
        };
    }

    private static String beginning(MemorySegment text) {
        byte[] bytes =
                text.asSlice(0, Math.min(text.byteSize(), MAX_SHOWN))
                        .toArray(ValueLayout.JAVA_BYTE);
        StringBuilder shown = new StringBuilder();
        for (byte b : bytes) {
            shown.append(b >= ' ' && b < 127 ? (char) b : '?');
        }
        return shown.append(text.byteSize() > MAX_SHOWN ? "..." : "").toString();
    }

    private static String spelling(ValueType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
