package io.moonglass.runtime.inprocess;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.inprocess.RunningCall.Step;
import io.moonglass.runtime.wire.OcrCall;
import io.moonglass.runtime.wire.OcrRun;
import io.moonglass.runtime.wire.OcrWriter;

/// The pages of one document while they are read.
final class RunningPages implements AutoCloseable {

    private final RunningCall call;
    private final OcrRun run;

    private RunningPages(RunningCall call, OcrRun run) {
        this.call = call;
        this.run = run;
    }

    static RunningPages start(ChatModel model, OcrCall asked, Deadline deadline) {
        RunningCall call = new RunningCall(deadline);
        OcrRun run = new OcrRun(call, model, asked);
        call.prepare(run::prepare);
        return new RunningPages(call, run);
    }

    /// Has all pages written, each as it is read, on this thread.
    ///
    /// @throws RuntimeException of a fault, or if the request was cancelled, is too late or its model was closed
    void writeAll(OcrWriter writer) throws InterruptedException {
        boolean allAreOpen = false;
        while (!allAreOpen || !writer.hasTold(run)) {
            switch (call.next()) {
                case Step.Prepared() -> allAreOpen = true;
                case Step.Event(int tile, GenerationEvent event) -> run.add(tile, event);
                case Step.Noted _, Step.Refused _ -> {}
            }
            writer.tell(run);
        }
    }

    /// Of the whole document, once pages are read.
    int numPages() {
        return run.numPages();
    }

    /// Ends the reading, whatever stage it is in; does nothing to one that has ended.
    void cancel() {
        call.cancel();
    }

    @Override
    public void close() {
        cancel();
    }
}
