package io.moonglass.runtime.media;

/// How far the pictures of one request are.
///
/// @param numDecoded of them decoded and fitted, or found to be known
/// @param numEncoded of them encoded
public record PictureProgress(int numDecoded, int numEncoded) {

    static final PictureProgress NONE = new PictureProgress(0, 0);
}
