package io.moonglass.server.command;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.MediaSource;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.OcrRequest;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrFormat;
import io.moonglass.clients.ocr.OcrPage;
import io.moonglass.clients.ocr.OcrResult;
import io.moonglass.loader.fault.ConfigException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass ocr`: the text of a picture or PDF, each page as it is read.
@Command(
        name = "ocr",
        description = {
            "Read the text of a picture or PDF, page by page.",
            "Pages are written as they are read, with an empty line between two. One that cannot be read is told of on standard error, and the others are read."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all pages were read",
            "1:a page could not be read, the server does not answer, or it failed",
            "2:the document, the model or the key cannot be used"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass ocr scan.png",
            "  moonglass ocr --format text --pages 1-3,7 report.pdf >report.txt",
            "  moonglass ocr --url http://127.0.0.1:8080 --json - <report.pdf"
        })
final class OcrCommand implements Callable<Integer> {

    private final ModelOpener models;

    @Spec private CommandSpec spec;

    @ArgGroup private Answerer answerer = new Answerer();

    @Option(
            names = "--format",
            paramLabel = "STYLE", // completion takes two options of one label for one
            defaultValue = "markdown",
            converter = OcrFormatConverter.class,
            completionCandidates = OcrFormatConverter.class,
            description =
                    "${COMPLETION-CANDIDATES}: how the text is written (default: ${DEFAULT-VALUE}).")
    private OcrFormat format;

    @Option(
            names = "--pages",
            paramLabel = "PAGES",
            description = "Which pages, such as 1-3,7,10- (default: all).")
    private Optional<String> pages;

    @Option(
            names = "--dpi",
            paramLabel = "N",
            description =
                    "Draw a PDF's pages at this resolution, 36 to 600 (default: the server's).")
    private Optional<Integer> dpi;

    @Mixin private SamplingOptions sampling;

    @Option(
            names = "--json",
            description = "Print pages, sizes, tokens and faults as JSON when all pages are read.")
    private boolean json;

    @Mixin private VisionFileOption visionFile;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Parameters(
            paramLabel = "FILE",
            description = "A picture or PDF: a file, an address, or - for standard input.")
    private String document;

    OcrCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() {
        MediaSource source = MediaArgument.source("ocr", document);
        PrintWriter err = spec.commandLine().getErr();
        try (AnsweringServer server =
                AnsweringServer.open(answerer, models, visionFile, weights, compute, vision, err)) {
            OcrRequest request = request(source);
            return (json ? readWhole(server.client(), request) : read(server.client(), request))
                    ? 0
                    : 1;
        } catch (BadRequestException | RequestTooLargeException e) {
            throw namingTheFile(e);
        }
    }

    private OcrRequest request(MediaSource source) {
        OcrRequest.Builder request = sampling.in(OcrRequest.builder(source)).format(format);
        pages.ifPresent(request::pages);
        dpi.ifPresent(request::dpi);
        return request.build();
    }

    private RuntimeException namingTheFile(MoonglassException fault) {
        String param = fault.param();
        return param == null || !param.startsWith("document")
                ? fault
                : new ConfigException(
                        fault.getMessage().startsWith(param)
                                ? document + fault.getMessage().substring(param.length())
                                : document + ": " + fault.getMessage(),
                        fault);
    }

    /// @return whether all pages were read
    private boolean readWhole(MoonglassClient client, OcrRequest request) {
        OcrResult result = client.ocr(request);
        PrintedJson.print(result, spec.commandLine().getOut());
        return result.pages().stream().allMatch(page -> page.error() == null);
    }

    /// @return the same
    private boolean read(MoonglassClient client, OcrRequest request) {
        OcrPages written = new OcrPages(spec.commandLine().getOut(), spec.commandLine().getErr());
        try (AnswerStream<OcrEvent> events = client.streamOcr(request)) {
            for (OcrEvent event : events) {
                written.write(event);
            }
        }
        return written.numFailed() == 0;
    }

    /// Writes pages as they come.
    private static final class OcrPages {

        private final PrintWriter err;
        private final AnswerText text;
        private boolean isFirst = true;
        private boolean isBegun;
        private int numFailed;

        private OcrPages(PrintWriter out, PrintWriter err) {
            this.err = err;
            this.text = new AnswerText(out, Terminal.showsOutput());
        }

        private int numFailed() {
            return numFailed;
        }

        private void write(OcrEvent event) {
            if (event instanceof OcrEvent.PageDelta delta) {
                writeText(delta.delta());
            } else if (event instanceof OcrEvent.PageDone done) {
                end(done.page());
            }
        }

        private void writeText(String more) {
            if (!isBegun && !isFirst) {
                text.endLine();
            }
            isBegun = true;
            isFirst = false;
            text.write(more);
        }

        private void end(OcrPage page) {
            if (isBegun) {
                text.endLine();
            }
            isBegun = false;
            if (page.error() != null) {
                numFailed++;
                err.printf("moonglass: page %d: %s%n", page.page(), page.error().message());
            } else if ("length".equals(page.finishReason())) {
                err.printf("moonglass: page %d was cut off at the token limit%n", page.page());
            }
        }
    }
}
