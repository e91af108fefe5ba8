package io.moonglass.router;

/// What the experts of one sparse layer were given.
///
/// @param layer     among all of the decoder's, from 0
/// @param tokens    of each expert since the model was loaded; a token goes to several
/// @param imbalance of the last window of at least 1,024 tokens: what the most loaded expert got, in parts of their mean; 1 is even
///                  and the number of experts the worst; 0 before the first token
public record ExpertLoad(int layer, long[] tokens, double imbalance) {}
