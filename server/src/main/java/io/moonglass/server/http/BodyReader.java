package io.moonglass.server.http;

import io.moonglass.server.files.FileStore;
import java.time.Duration;
import java.util.Optional;

/// What reading bodies takes: the parser, the memory for all of them, the time for each, and the files that they may
/// refer to.
record BodyReader(JsonBody json, BodyBudget budget, Duration timeout, Optional<FileStore> files) {

    static BodyReader from(ServerOptions options, Optional<FileStore> files) {
        return new BodyReader(
                new JsonBody(options.maxBodyBytes()),
                new BodyBudget(
                        options.bodyBudgetBytes(),
                        options.maxBodyBytes(),
                        options.bodyBudgetTimeout()),
                options.bodyTimeout(),
                files);
    }
}
