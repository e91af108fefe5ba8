package io.moonglass.loader.gguf;

import java.lang.foreign.MemorySegment;

/// A value of a key as it lies in the file.
///
/// @param bytes exactly the value's, whose lengths and counts were checked
record GgufValue(ValueType type, MemorySegment bytes) {}
