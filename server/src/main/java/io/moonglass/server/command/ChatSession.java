package io.moonglass.server.command;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.Conversation;
import io.moonglass.clients.MediaSource;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.RequestCancelledException;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.loader.fault.ConfigException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A conversation that is typed: lines are questions or commands. A question that fails leaves it as it was.
final class ChatSession {

    private static final int MAX_QUESTION = 4 << 20;
    private static final String HELP =
            "/image FILE, /video FILE, /file FILE: shown with the next question; /system TEXT; /undo; /clear; /save FILE; /quit";

    private final BufferedReader lines;
    private final ChatScreen screen;
    private final boolean asJson;
    private final List<ContentPart> shown = new ArrayList<>();
    private Conversation conversation;
    private Optional<String> system = Optional.empty();
    private boolean isEnded;
    private int numFailed;
    private Thread answering;

    /// @param asJson whether answers are shown whole, as JSON, instead of as they are written
    ChatSession(
            Conversation conversation, BufferedReader lines, ChatScreen screen, boolean asJson) {
        this.conversation = conversation;
        this.lines = lines;
        this.screen = screen;
        this.asJson = asJson;
    }

    /// Shows something with the next question.
    void show(ContentPart part) {
        shown.add(part);
    }

    /// Questions and commands that failed.
    int numFailed() {
        return numFailed;
    }

    /// Until the last line.
    void run() {
        while (!isEnded) {
            Optional<String> typed = read();
            if (typed.isEmpty()) {
                screen.leaveLine();
                break;
            }
            try {
                take(typed.get().strip());
            } catch (ConfigException e) {
                numFailed++;
                screen.fault(e.getMessage());
            }
        }
    }

    /// Stops the answer that is being written, from any thread.
    ///
    /// @return whether one was
    synchronized boolean stop() {
        if (answering == null) {
            return false;
        }
        answering.interrupt();
        return true;
    }

    private Optional<String> read() {
        StringBuilder typed = new StringBuilder();
        try {
            while (true) {
                screen.prompt(!typed.isEmpty());
                String line = lines.readLine();
                if (line == null) {
                    return typed.isEmpty() ? Optional.empty() : Optional.of(typed.toString());
                }
                if (!line.endsWith("\\")) {
                    return Optional.of(typed.append(line).toString());
                }
                typed.append(line, 0, line.length() - 1).append('\n');
                if (typed.length() > MAX_QUESTION) {
                    throw new ConfigException(
                            "a question of more than %,d characters; want less"
                                    .formatted(MAX_QUESTION));
                }
            }
        } catch (IOException e) {
            throw new ConfigException("standard input cannot be read", e);
        }
    }

    private void take(String typed) {
        if (typed.isEmpty()) {
            return;
        }
        if (typed.startsWith("/")) {
            String[] words = typed.split("\\s+", 2);
            command(words[0], words.length == 1 ? "" : unquoted(words[1].strip()));
        } else {
            ask(typed);
        }
    }

    /// Terminals quote the paths of files that are dropped on them.
    private static String unquoted(String argument) {
        boolean isQuoted =
                argument.length() > 1
                        && (argument.startsWith("'") && argument.endsWith("'")
                                || argument.startsWith("\"") && argument.endsWith("\""));
        return isQuoted ? argument.substring(1, argument.length() - 1) : argument;
    }

    private void command(String name, String argument) {
        switch (name) {
            case "/image" -> show(ContentPart.image(source(name, argument)));
            case "/video" -> show(ContentPart.video(source(name, argument)));
            case "/file" -> show(ContentPart.document(source(name, argument)));
            case "/system" -> setSystem(argument);
            case "/undo" -> undo();
            case "/clear" -> clear();
            case "/save" -> save(argument);
            case "/help" -> screen.note(HELP);
            case "/quit", "/exit" -> isEnded = true;
            default ->
                    throw new ConfigException("%s is no command; /help lists them".formatted(name));
        }
    }

    private static MediaSource source(String command, String argument) {
        if (argument.isEmpty() || argument.equals(MediaArgument.STANDARD_INPUT)) {
            throw new ConfigException("%s: want a path or an address behind it".formatted(command));
        }
        return MediaArgument.source(command, argument);
    }

    private void setSystem(String text) {
        system = text.isEmpty() ? Optional.empty() : Optional.of(text);
        conversation = conversation.branchWithSystem(system.orElse(null));
        screen.note(text.isEmpty() ? "no system message" : "system message set");
    }

    private void undo() {
        int numTurns = conversation.numTurns();
        if (numTurns == 0) {
            throw new ConfigException("/undo: nothing was answered yet");
        }
        conversation = conversation.branchAfter(numTurns - 1);
        screen.note("forgotten; %d questions are left".formatted(numTurns - 1));
    }

    private void clear() {
        conversation = conversation.branchAfter(0);
        shown.clear();
        screen.note("forgotten");
    }

    private void save(String argument) {
        if (argument.isEmpty()) {
            throw new ConfigException("/save: want a file's name behind it");
        }
        new ChatTranscript(conversation.history()).save(argument);
        screen.note("saved to " + argument);
    }

    private void ask(String question) {
        ContentPart[] media = shown.toArray(ContentPart[]::new);
        begin();
        try {
            answer(question, media);
            shown.clear();
        } catch (RequestCancelledException e) {
            screen.interrupt();
            screen.note("stopped; the question is forgotten");
        } catch (MoonglassException e) {
            numFailed++;
            screen.breakOff();
            screen.fault(e.getMessage());
            // they stay where the server was only busy, and must not have the next questions
            // refused, too
            if (e instanceof BadRequestException || e instanceof RequestTooLargeException) {
                forgetMedia();
            }
        } catch (UncheckedIOException e) { // a file that is gone by now
            numFailed++;
            screen.fault(e.getMessage());
            forgetMedia();
        } finally {
            end();
        }
    }

    private void answer(String question, ContentPart[] media) {
        if (asJson) {
            screen.json(conversation.chat(question, media));
            return;
        }
        try (AnswerStream<ChatCompletionChunk> answer = conversation.stream(question, media)) {
            write(answer);
        }
    }

    private void forgetMedia() {
        if (!shown.isEmpty()) {
            shown.clear();
            screen.note("what was to be shown with the question is forgotten");
        }
    }

    private void write(AnswerStream<ChatCompletionChunk> answer) {
        boolean cutOff = false;
        for (ChatCompletionChunk chunk : answer) {
            screen.reasoning(chunk.reasoningText());
            screen.answer(chunk.text());
            cutOff |=
                    chunk.choices().stream()
                            .anyMatch(choice -> "length".equals(choice.finishReason()));
        }
        screen.endLine();
        if (cutOff) {
            screen.note("the answer was cut off at the token limit");
        }
    }

    private synchronized void begin() {
        answering = Thread.currentThread();
    }

    private synchronized void end() {
        answering = null;
        // one that came too late to stop anything must not end the next question
        Thread.interrupted();
    }
}
