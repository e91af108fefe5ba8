package io.moonglass.server.http;

import java.time.Duration;

/// What reading bodies takes: the parser, the memory for all of them, the time for each.
record BodyReader(JsonBody json, BodyBudget budget, Duration timeout) {

    static BodyReader from(ServerOptions options) {
        return new BodyReader(
                new JsonBody(options.maxBodyBytes()),
                new BodyBudget(
                        options.bodyBudgetBytes(),
                        options.maxBodyBytes(),
                        options.bodyBudgetTimeout()),
                options.bodyTimeout());
    }
}
