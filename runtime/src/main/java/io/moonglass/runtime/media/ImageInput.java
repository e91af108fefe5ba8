package io.moonglass.runtime.media;

import io.moonglass.vision.image.EncodedPicture;

/// A picture of a request that was found whole and within the limits. Nothing is decoded yet, but it
/// is known how many tokens it will be.
///
/// @param where     of the part in its request, for messages
/// @param numTokens rows that the encoder will make of it
public record ImageInput(String where, EncodedPicture picture, int numTokens) {}
