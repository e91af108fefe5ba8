package io.moonglass.server.load;

import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One simulated client: holds one conversation after the other, and sends the whole history with every question, as
/// clients of this API do. A question that was cancelled or failed leaves no trace in the history; its pictures are shown
/// with the next one.
final class LoadClient {

    /// After a fault, so that a server that is down is not asked thousands of times a second.
    private static final Duration PAUSE_AFTER_FAULT = Duration.ofSeconds(1);

    /// How long a first text takes before any was seen.
    private static final double DEFAULT_FIRST_TEXT_SECONDS = 1;

    private final MoonglassClient client;
    private final LoadSettings settings;
    private final LoadPlan plan;
    private final Deadline deadline;
    private final List<Tally> tallies;
    private boolean hasAsked;

    /// @param tallies one for each scenario of the plan
    LoadClient(
            MoonglassClient client,
            LoadSettings settings,
            LoadPlan plan,
            Deadline deadline,
            List<Tally> tallies) {
        this.client = client;
        this.settings = settings;
        this.plan = plan;
        this.deadline = deadline;
        this.tallies = tallies;
    }

    /// Asks until the plan or the time is over.
    ///
    /// @throws InterruptedException if it is to stop at once; its connection is closed
    void run() throws InterruptedException {
        boolean goesOn = true;
        while (goesOn) {
            Optional<ConversationPlan> conversation = plan.next();
            goesOn = conversation.isPresent() && converse(conversation.get());
        }
    }

    /// @return whether there is time left
    private boolean converse(ConversationPlan conversation) throws InterruptedException {
        Scenario scenario = plan.mix().scenarios().get(conversation.scenario());
        Tally tally = tallies.get(conversation.scenario());
        List<ChatMessage> history = new ArrayList<>();
        conversation.system().map(ChatMessage::system).ifPresent(history::add);
        int numOpening = history.size();
        List<ContentPart> unseen = new ArrayList<>();
        for (ConversationPlan.Turn turn : conversation.turns()) {
            if (!deadline.pause(hasAsked ? turn.think() : Duration.ZERO)) {
                return false;
            }
            hasAsked = true;
            unseen.addAll(turn.pictures());
            List<ContentPart> parts = new ArrayList<>(unseen);
            parts.add(ContentPart.text(turn.text()));
            ChatMessage question = ChatMessage.user(parts);
            boolean isFirst = history.size() == numOpening;
            Optional<Outcome> outcome =
                    ask(request(scenario, turn, history, question), turn, isFirst, tally);
            if (outcome.isEmpty()) {
                return false;
            }
            switch (outcome.get()) {
                case Outcome.Answered answered -> {
                    history.add(question);
                    history.add(ChatMessage.assistant(answered.text()));
                    unseen.clear();
                }
                case Outcome.Failed _ -> deadline.pause(PAUSE_AFTER_FAULT);
                case Outcome.Cancelled _, Outcome.Rejected _ -> {}
            }
        }
        return true;
    }

    private ChatCompletionRequest request(
            Scenario scenario,
            ConversationPlan.Turn turn,
            List<ChatMessage> history,
            ChatMessage question) {
        ChatCompletionRequest.Builder request =
                ChatCompletionRequest.builder()
                        .maxTokens(scenario.maxTokens())
                        .temperature(scenario.temperature())
                        .seed(turn.seed())
                        .includeUsage();
        settings.model().ifPresent(request::model);
        history.forEach(request::message);
        request.message(question);
        if (scenario.ignoreEos()) {
            request.ignoreEos(true);
        }
        scenario.priority().ifPresent(request::priority);
        scenario.cacheSalt().ifPresent(request::cacheSalt);
        return request.build();
    }

    /// Sends a request as often as the server asks for another try, and counts what came of it.
    ///
    /// @return empty if the time was over before the server took it
    private Optional<Outcome> ask(
            ChatCompletionRequest request,
            ConversationPlan.Turn turn,
            boolean isFirstTurn,
            Tally tally)
            throws InterruptedException {
        boolean isOver = false;
        long startNanos = System.nanoTime();
        try {
            Outcome outcome = send(request, turn, tally);
            while (outcome instanceof Outcome.Rejected(Duration retryAfter, Outcome.Failed fault)) {
                tally.countRejected();
                Duration waited = Duration.ofNanos(System.nanoTime() - startNanos);
                if (waited.plus(retryAfter).compareTo(settings.patience()) > 0) {
                    outcome = fault;
                } else if (deadline.pause(retryAfter)) {
                    outcome = send(request, turn, tally);
                } else {
                    tally.countUnfinished();
                    return Optional.empty();
                }
            }
            tally.count(outcome, isFirstTurn);
            return Optional.of(outcome);
        } catch (InterruptedException e) {
            tally.countUnfinished();
            throw e;
        }
    }

    private Outcome send(ChatCompletionRequest request, ConversationPlan.Turn turn, Tally tally)
            throws InterruptedException {
        Duration patience = settings.patience();
        Outcome givenUp =
                new Outcome.Failed("timeout", "no whole answer within %s".formatted(patience));
        int maxPieces = Integer.MAX_VALUE;
        switch (turn.cancellation().orElse(null)) {
            case null -> {}
            case Cancellation.AmidText(int numPieces) -> maxPieces = numPieces;
            case Cancellation.BeforeText(double share) -> {
                double usual = tally.meanFirstText().orElse(DEFAULT_FIRST_TEXT_SECONDS);
                patience = Duration.ofNanos((long) (share * usual * 1e9));
                givenUp = new Outcome.Cancelled();
            }
        }
        return new StreamedRequest(client, request, maxPieces).send(patience, givenUp);
    }
}
