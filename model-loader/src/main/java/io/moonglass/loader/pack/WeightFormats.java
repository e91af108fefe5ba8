package io.moonglass.loader.pack;

/// What the large matrices of a packed model are stored as.
///
/// @param decoder of the language model
/// @param vision  of MoonViT and the projector
public record WeightFormats(WeightFormat decoder, WeightFormat vision) {

    /// One format for all, but for pictures: their few weights lose more by 4 bits than these save, so
    /// they get 8.
    public static WeightFormats of(WeightFormat format) {
        return new WeightFormats(format, format == WeightFormat.Q4 ? WeightFormat.Q8 : format);
    }
}
