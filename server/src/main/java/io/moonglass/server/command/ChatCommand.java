package io.moonglass.server.command;

import io.moonglass.clients.Conversation;
import io.moonglass.clients.MoonglassClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass chat`: a conversation, line by line.
@Command(
        name = "chat",
        description = {
            "Talk to a model, turn by turn, about pictures, videos and PDFs if there are any.",
            "A line is a question, and one that ends with a backslash goes on in the next. Lines that begin with / are commands; /help lists them. Ctrl-C stops an answer, Ctrl-D ends the conversation."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the conversation was ended",
            "1:the server does not answer; or, where nobody types, a question got no answer",
            "2:a file, the model or the key cannot be used"
        },
        footerHeading = "%nCommands:%n",
        footer = {
            "  /image FILE    show a picture with the next question: a path or an address",
            "  /video FILE    show a video",
            "  /file FILE     show a PDF",
            "  /system TEXT   tell the model something before all questions; without TEXT nothing",
            "  /undo          forget the last question and its answer",
            "  /clear         forget all of them",
            "  /save FILE     write the conversation: JSON to a name that ends in .json, else Markdown",
            "  /help          list the commands",
            "  /quit          end",
            "",
            "Examples:",
            "  moonglass chat",
            "  moonglass chat --url http://127.0.0.1:8080 --image picture.png",
            "  printf 'What is 2 + 3?\\nAnd doubled?\\n' | moonglass chat",
            "  moonglass chat --json <questions | jq -r .choices[0].message.content"
        })
final class ChatCommand implements Callable<Integer> {

    private static final int LEFT_FOR_ANSWERS = 512;

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

    @Option(names = "--show-reasoning", description = "Write a thinking model's reasoning, too.")
    private boolean showReasoning;

    @Option(
            names = "--json",
            description =
                    "Print each answer as the server's JSON when it is whole, one line for one answer.")
    private boolean json;

    ChatCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        boolean isInteractive = Terminal.isInteractive();
        ChatScreen screen =
                new ChatScreen(
                        out,
                        err,
                        new AnswerText(out, Terminal.showsOutput()),
                        new AnswerText(err, Terminal.showsErrors()),
                        isInteractive,
                        Terminal.showsErrors() && Terminal.hasColours(System.getenv()),
                        showReasoning);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, charset()));
        try (AnsweringServer server =
                AnsweringServer.open(answerer, models, visionFile, weights, compute, vision, err)) {
            MoonglassClient client = server.client();
            screen.greet(client.models().data().getFirst().id());
            ChatSession session = new ChatSession(conversation(client), lines, screen, json);
            media.parts().forEach(session::show);
            try (InterruptSignal _ = InterruptSignal.to(session::stop)) {
                session.run();
            }
            return isInteractive || session.numFailed() == 0 ? 0 : 1;
        }
    }

    private Conversation conversation(MoonglassClient client) {
        Conversation.Builder conversation =
                sampling.in(client.conversation()).keepWithinContext(LEFT_FOR_ANSWERS);
        system.ifPresent(conversation::system);
        return conversation.start();
    }

    /// As the terminal writes.
    private static Charset charset() {
        try {
            return Charset.forName(System.getProperty("stdin.encoding", "UTF-8"));
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            System.getLogger(ChatCommand.class.getName())
                    .log(System.Logger.Level.DEBUG, "standard input is taken for UTF-8", e);
            return StandardCharsets.UTF_8;
        }
    }
}
