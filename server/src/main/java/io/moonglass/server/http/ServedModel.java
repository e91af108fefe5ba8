package io.moonglass.server.http;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ModelStatistics;
import java.util.Optional;

/// The model that requests are given to: none while it loads, none when the server stops. Safe to
/// use from any thread.
final class ServedModel {

    private sealed interface State {
        record Loading() implements State {}

        record Serving(ChatModel model, long since) implements State {}

        record Stopping() implements State {}
    }

    private volatile State state = new State.Loading();

    void serve(ChatModel model) {
        state = new State.Serving(model, System.currentTimeMillis() / 1000);
    }

    void stop() {
        state = new State.Stopping();
    }

    /// @throws HttpFault 503 while there is none
    ChatModel model() {
        return serving().model();
    }

    /// The model that a request names, or the one there is where it names none.
    ///
    /// @throws HttpFault 404 if it is not served here, 503 while there is none
    ChatModel named(RequestFields request) {
        ChatModel model = model();
        Optional<String> wanted = request.string("model").filter(name -> !name.isEmpty());
        if (wanted.isPresent() && !wanted.get().equals(model.name())) {
            throw HttpFault.modelNotFound(wanted.get(), model.name());
        }
        return model;
    }

    /// Its statistics; empty while there is none.
    Optional<ModelStatistics> statistics() {
        return state instanceof State.Serving serving
                ? Optional.of(serving.model().statistics())
                : Optional.empty();
    }

    /// When it was loaded, in seconds since 1970.
    long since() {
        return serving().since();
    }

    private State.Serving serving() {
        return switch (state) {
            case State.Serving serving -> serving;
            case State.Loading() ->
                    throw HttpFault.unavailable(
                            "model_loading", "the model is still loading; ask again soon");
            case State.Stopping() -> throw HttpFault.shuttingDown();
        };
    }
}
