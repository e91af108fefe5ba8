package io.moonglass.server.http;

/// How a dialect's clients are told of a fault.
interface FaultShape {

    /// OpenAI's, and of every path that is nobody else's.
    FaultShape OPENAI = (fault, _) -> fault.body();

    /// @return what Jackson writes as the answer's body
    Object body(HttpFault fault, String requestId);
}
