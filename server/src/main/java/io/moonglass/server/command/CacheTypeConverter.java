package io.moonglass.server.command;

import io.moonglass.engine.CacheType;

/// The spellings of cache types on the command line.
final class CacheTypeConverter extends LowerCaseConverter<CacheType> {

    CacheTypeConverter() {
        super(CacheType.values());
    }
}
