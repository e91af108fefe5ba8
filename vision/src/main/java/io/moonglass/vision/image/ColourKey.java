package io.moonglass.vision.image;

/// The one colour of a PNG that is transparent (its tRNS chunk), in samples as the decoder returns them: of
/// 16 bits where the file has 16, else of 8.
record ColourKey(int red, int green, int blue) {

    /// @param bitDepth of the file's samples, which the key is given in
    static ColourKey of(int bitDepth, int red, int green, int blue) {
        // fewer bits are spread over 0 to 255; what is no sample at all matches none
        int most = (1 << bitDepth) - 1;
        int factor = bitDepth < 8 ? 255 / most : 1;
        return new ColourKey(red * factor, green * factor, blue * factor);
    }

    static ColourKey grey(int bitDepth, int value) {
        return of(bitDepth, value, value, value);
    }

    boolean matches(int redSample, int greenSample, int blueSample) {
        return redSample == red && greenSample == green && blueSample == blue;
    }
}
