package io.moonglass.loader.safetensors;

/// Element types of the safetensors container that are read; names are the file's own.
public enum ElementKind {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U8(1),
    BOOL(1);

    private final int bytes;

    ElementKind(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }
}
