package io.moonglass.loader.gguf;

/// Types of the values of a GGUF file's keys; their numbers in a file are their ordinals.
enum ValueType {
    U8(1),
    I8(1),
    U16(2),
    I16(2),
    U32(4),
    I32(4),
    F32(4),
    BOOL(1),
    STRING(0),
    ARRAY(0),
    U64(8),
    I64(8),
    F64(8);

    private final int bytes;

    ValueType(int bytes) {
        this.bytes = bytes;
    }

    /// 0 for one whose values differ in size.
    int bytes() {
        return bytes;
    }

    /// Fewest bytes of a value.
    int leastBytes() {
        return switch (this) {
            case STRING -> Long.BYTES;
            case ARRAY -> Integer.BYTES + Long.BYTES;
            case U8, I8, U16, I16, U32, I32, F32, BOOL, U64, I64, F64 -> bytes;
        };
    }
}
