package io.moonglass.runtime.media;

import io.moonglass.runtime.ContentPart;

/// A picture, video or document of a request, and where the request has it.
///
/// @param where for messages
public record PlacedMedia(ContentPart.Media part, String where) {}
