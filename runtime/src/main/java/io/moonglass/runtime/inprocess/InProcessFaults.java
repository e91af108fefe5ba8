package io.moonglass.runtime.inprocess;

import io.moonglass.clients.ErrorBody;
import io.moonglass.clients.ServiceFault;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.wire.RequestFault;
import java.util.concurrent.CancellationException;

/// What callers are told of what goes wrong, with the codes that a server has for it. They are programs of this process, so
/// causes are told, too.
final class InProcessFaults {

    private static final String INVALID_REQUEST = "invalid_request_error";
    private static final String SERVER_ERROR = "server_error";

    private InProcessFaults() {}

    static ServiceFault of(Throwable exception) {
        return switch (exception) {
            case ServiceFault fault -> fault;
            case InvalidRequestException fault -> of(RequestFault.of(fault), fault);
            case OverloadedException fault -> of(RequestFault.of(fault), fault);
            case CancellationException _ -> closed();
            case OutOfMemoryError fault ->
                    fault(
                            503,
                            SERVER_ERROR,
                            null,
                            "out_of_memory",
                            "there was no memory for this request; ask for less at once",
                            fault);
            default ->
                    fault(
                            500,
                            SERVER_ERROR,
                            null,
                            "internal_error",
                            "internal error: " + exception,
                            exception);
        };
    }

    private static ServiceFault of(RequestFault fault, Throwable cause) {
        return new ServiceFault(
                fault.status(), fault.body().error(), fault.retryAfter().orElse(null), cause);
    }

    static ServiceFault closed() {
        return fault(
                503,
                SERVER_ERROR,
                null,
                "server_shutting_down",
                "the model of this process is closed; load it again",
                null);
    }

    static ServiceFault deadlineExceeded() {
        return fault(
                504,
                SERVER_ERROR,
                null,
                "deadline_exceeded",
                "the answer was not complete at the request's deadline; give it more time, or ask for less",
                null);
    }

    static ServiceFault unknownPath(String path) {
        return fault(
                404,
                INVALID_REQUEST,
                null,
                "unknown_url",
                path + ": not to be had of a model in this process; ask a server",
                null);
    }

    /// @param served the model's name
    static ServiceFault unknownModel(String served) {
        return fault(
                404,
                INVALID_REQUEST,
                "model",
                "model_not_found",
                "the model of this process is \"%s\"; want this name, or no model at all"
                        .formatted(served),
                null);
    }

    private static ServiceFault fault(
            int status, String type, String param, String code, String message, Throwable cause) {
        return new ServiceFault(
                status, new ErrorBody.Detail(message, type, param, code), null, cause);
    }
}
