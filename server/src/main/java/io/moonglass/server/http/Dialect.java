package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ChatModel;

/// One of the wires on which clients ask for answers.
interface Dialect {

    /// A call, and how it wants to be answered.
    record Question(Call call, Reply reply) {}

    /// @param model the one that the body names, or that is meant where it names none
    /// @param files what the caller has uploaded, where the body refers to it
    /// @throws io.moonglass.loader.fault.InvalidRequestException that names the field at fault
    Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files);
}
