package io.moonglass.server.eval;

import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Asks a served model all questions of a set at temperature 0, several conversations at once. Later
/// questions of a conversation follow the model's own earlier answers.
public final class Evaluation {

    private static final int MAX_TOKENS = 512;

    private final MoonglassClient client;
    private final EvaluationSet set;
    private final int numParallel;

    /// @param numParallel conversations at once
    public Evaluation(MoonglassClient client, EvaluationSet set, int numParallel) {
        this.client = client;
        this.set = set;
        this.numParallel = numParallel;
    }

    /// @param progress told what came of each conversation, in the set's order
    /// @return what came of every question, in the set's order
    public EvaluationReport run(Consumer<List<Answered>> progress) throws InterruptedException {
        List<Answered> all = new ArrayList<>();
        try (ExecutorService askers = Executors.newFixedThreadPool(numParallel)) {
            List<Future<List<Answered>>> conversations =
                    set.conversations().stream()
                            .map(conversation -> askers.submit(() -> ask(conversation)))
                            .toList();
            try {
                for (Future<List<Answered>> conversation : conversations) {
                    List<Answered> answers = conversation.get();
                    all.addAll(answers);
                    progress.accept(answers);
                }
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException fault
                        ? fault
                        : new IllegalStateException(e.getCause());
            } finally {
                askers.shutdownNow();
            }
        }
        return new EvaluationReport(all);
    }

    private List<Answered> ask(Conversation conversation) throws IOException {
        List<Answered> answers = new ArrayList<>();
        List<ChatMessage> messages = new ArrayList<>();
        if (conversation.system() != null) {
            messages.add(ChatMessage.system(conversation.system()));
        }
        for (Conversation.Turn turn : conversation.turns()) {
            List<ContentPart> parts = new ArrayList<>();
            if (answers.isEmpty()) {
                for (String image : conversation.images()) {
                    parts.add(ContentPart.image(set.picture(image)));
                }
            }
            parts.add(ContentPart.text(turn.question()));
            messages.add(ChatMessage.user(parts));
            Answered answered = ask(conversation, turn, messages);
            answers.add(answered);
            messages.add(ChatMessage.assistant(answered.answer()));
        }
        return answers;
    }

    private Answered ask(
            Conversation conversation, Conversation.Turn turn, List<ChatMessage> messages) {
        ChatCompletionRequest.Builder request =
                ChatCompletionRequest.builder().temperature(0).maxTokens(MAX_TOKENS);
        messages.forEach(request::message);
        String wanted = turn.answers().getFirst();
        try {
            String answer = client.chat(request.build()).text();
            boolean right = conversation.isRight(turn, answer);
            return new Answered(conversation, turn.question(), wanted, answer, right, false);
        } catch (MoonglassException e) {
            if (e.status() == 0) {
                throw e; // nobody answers: no other question would fare better
            }
            return new Answered(conversation, turn.question(), wanted, e.getMessage(), false, true);
        }
    }
}
