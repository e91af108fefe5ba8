package io.moonglass.runtime;

import io.moonglass.engine.EngineStatistics;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.media.MediaStatistics;

/// What a model has done since it was loaded, and how it stands.
public record ModelStatistics(
        EngineStatistics engine, MediaStatistics media, QueueStatistics queue) {}
