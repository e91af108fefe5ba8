package io.moonglass.server.command;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass ask`: one question, answered on standard output as it is written.
@Command(
        name = "ask",
        description = "Ask one question, about pictures, videos and PDFs if there are any.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:answered",
            "1:the server does not answer, or failed",
            "2:the question, a file, the model or the key cannot be used"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass ask --image receipt.jpg \"What is the total?\"",
            "  curl -s https://example.org/a.png | moonglass ask --image - \"What is this?\"",
            "  moonglass ask --url http://127.0.0.1:8080 --json --file a.pdf \"Who wrote it?\""
        })
final class AskCommand implements Callable<Integer> {

    private static final String CUT_OFF = "length";

    private final ModelOpener models;

    @Spec private CommandSpec spec;

    @ArgGroup private Answerer answerer = new Answerer();

    @Mixin private MediaOptions media;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "A system message (default: none).")
    private Optional<String> system;

    @Mixin private SamplingOptions sampling;

    @Mixin private VisionFileOption visionFile;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Option(
            names = "--show-reasoning",
            description = "Write a thinking model's reasoning to standard error.")
    private boolean showReasoning;

    @Option(
            names = "--json",
            description = "Print the whole answer as the server's JSON, with its token counts.")
    private boolean json;

    @Parameters(paramLabel = "QUESTION", description = "The question.")
    private String question;

    AskCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() {
        List<ContentPart> parts = media.parts();
        PrintWriter err = spec.commandLine().getErr();
        try (AnsweringServer server =
                AnsweringServer.open(answerer, models, visionFile, weights, compute, vision, err)) {
            ask(server.client(), request(parts));
        } catch (MoonglassException e) {
            throw media.namingItsFile(e).<RuntimeException>map(named -> named).orElse(e);
        }
        return 0;
    }

    private ChatCompletionRequest request(List<ContentPart> parts) {
        ChatCompletionRequest.Builder request = sampling.in(ChatCompletionRequest.builder());
        system.ifPresent(request::system);
        return request.user(question, parts.toArray(ContentPart[]::new)).build();
    }

    private void ask(MoonglassClient client, ChatCompletionRequest request) {
        if (json) {
            ChatCompletion answer = client.chat(request);
            PrintedJson.print(answer, spec.commandLine().getOut());
            return;
        }
        AnswerText text = new AnswerText(spec.commandLine().getOut(), Terminal.showsOutput());
        AnswerText reasoning = new AnswerText(spec.commandLine().getErr(), Terminal.showsErrors());
        boolean cutOff = false;
        try (AnswerStream<ChatCompletionChunk> answer = client.stream(request)) {
            for (ChatCompletionChunk chunk : answer) {
                if (showReasoning) {
                    reasoning.write(chunk.reasoningText());
                }
                text.write(chunk.text());
                cutOff |=
                        chunk.choices().stream()
                                .anyMatch(choice -> CUT_OFF.equals(choice.finishReason()));
            }
        }
        text.endLine();
        if (cutOff) {
            spec.commandLine()
                    .getErr()
                    .println("moonglass: the answer was cut off at the token limit");
        }
    }
}
