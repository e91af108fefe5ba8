package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.CloseConnectionException;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.OcrCall;
import io.moonglass.runtime.wire.OcrCallReader;
import io.moonglass.runtime.wire.OcrRun;
import io.moonglass.runtime.wire.OcrWriter;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.http.GenerationEvents.Step;
import io.moonglass.server.http.GenerationEvents.Stop;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.observe.RequestReport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Answers `POST /v1/ocr`: the text of a picture or document, page by page.
final class OcrRoute {

    private final ServedModel served;
    private final RunningRequests requests;
    private final ServerOptions options;

    OcrRoute(ServedModel served, RunningRequests requests, ServerOptions options) {
        this.served = served;
        this.requests = requests;
        this.options = options;
    }

    Route route() {
        return Route.answering("/v1/ocr", (exchange, _) -> answer(exchange));
    }

    private void answer(Exchange exchange) {
        if (exchange.isForm()) {
            VqaForm form = exchange.readForm(body -> VqaForm.read(body, options.maxBodyBytes()));
            answer(exchange, form.fields(), form.files());
        } else {
            answer(exchange, exchange.readJson(), List.of());
        }
    }

    private void answer(Exchange exchange, JsonNode body, List<VqaForm.Upload> files) {
        RequestFields fields = RequestFields.of("", body);
        try (ModelPool.Lease lease = served.lease(exchange, fields)) {
            ChatModel model = lease.model();
            OcrCall call = read(exchange, fields, files, model);
            exchange.report()
                    .asks(new RequestReport.Question(call.answer(), 1, call.stream()), List.of());
            Optional<Duration> limit = Answers.shorter(options.requestTimeout(), call.timeout());
            try (RunningRequest request = requests.begin(exchange, 1, limit)) {
                OcrRun run = new OcrRun(request, model, call);
                request.prepare(run::prepare);
                if (call.stream()) {
                    new Streamed(exchange, request, run, model, call).run();
                } else {
                    answerWhole(exchange, request, run, new OcrWriter(model.name(), call.format()));
                }
            }
        }
    }

    private static OcrCall read(
            Exchange exchange, RequestFields fields, List<VqaForm.Upload> files, ChatModel model) {
        MediaReaders media = MediaReaders.of(fields, exchange.files());
        List<ContentPart.File> beside =
                files.stream()
                        .map(file ->
                                media.attachments()
                                        .whole(new MediaSource.Bytes(file.bytes()), file.name()))
                        .toList();
        return OcrCallReader.read(fields, model, exchange.caller().tenant(), media, beside);
    }

    private void answerWhole(
            Exchange exchange, RunningRequest request, OcrRun run, OcrWriter writer) {
        Steps steps = new Steps(request, run);
        while (!steps.allAreOpen() || !writer.hasTold(run)) {
            steps.next();
            writer.tell(run);
        }
        request.complete();
        exchange.answer(writer.whole(run.numPages()));
    }

    /// What comes of pages, and how far they are.
    private final class Steps {

        private final RunningRequest request;
        private final OcrRun run;
        private boolean prepared;

        Steps(RunningRequest request, OcrRun run) {
            this.request = request;
            this.run = run;
        }

        /// Whether all wanted pages were opened.
        boolean allAreOpen() {
            return prepared;
        }

        /// Waits for more.
        ///
        /// @return whether anything came
        boolean next() {
            switch (request.next(options.pingInterval())) {
                case Step.Silence() -> {
                    return false;
                }
                case Step.Noted() -> {}
                case Step.Prepared() -> prepared = true;
                case Step.Refused(Throwable fault) -> throw Answers.thrown(fault);
                case Step.Stopped(Stop reason) -> throw reason.fault();
                case Step.Event(int tile, GenerationEvent event) -> {
                    if (event instanceof Finished end && end.reason() == FinishReason.CANCELLED) {
                        throw HttpFault.shuttingDown();
                    }
                    run.add(tile, event);
                }
            }
            return true;
        }
    }

    /// Pages in pieces. The stream begins when the first page is open or the client has waited long enough; what goes
    /// wrong before has a status of its own.
    private final class Streamed {

        private final Exchange exchange;
        private final RunningRequest request;
        private final OcrRun run;
        private final ChatModel model;
        private final OcrCall call;
        private EventStream stream;
        private OcrWriter writer;

        Streamed(
                Exchange exchange,
                RunningRequest request,
                OcrRun run,
                ChatModel model,
                OcrCall call) {
            this.exchange = exchange;
            this.request = request;
            this.run = run;
            this.model = model;
            this.call = call;
        }

        void run() {
            try {
                Steps steps = new Steps(request, run);
                while (!steps.allAreOpen() || !isTold()) {
                    boolean came = steps.next();
                    if (!came) {
                        begun();
                        stream.ping();
                    } else if (run.numOpened() > 0) {
                        begun().tell(run);
                    }
                }
                request.complete();
                begun().end(run.numPages());
                stream.done();
            } catch (CloseConnectionException e) {
                throw e;
            } catch (RuntimeException | Error e) {
                if (stream == null) {
                    throw e;
                }
                request.close(); // its id is free before its client knows of the end
                exchange.failInStream(HttpFault.of(e, exchange.requestId()), stream);
            }
            stream.close();
        }

        private boolean isTold() {
            return writer == null ? run.numOpened() == 0 : writer.hasTold(run);
        }

        private OcrWriter begun() {
            if (writer == null) {
                stream = exchange.answerWithEvents();
                writer = new OcrWriter(model.name(), call.format(), stream::send);
            }
            return writer;
        }
    }
}
