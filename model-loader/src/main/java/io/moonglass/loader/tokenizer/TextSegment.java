package io.moonglass.loader.tokenizer;

import java.util.OptionalInt;

/// A stretch of text between special tokens, or one special token.
///
/// @param text      as it stands in the text; a special token's name
/// @param specialId empty for ordinary text
public record TextSegment(String text, OptionalInt specialId) {}
