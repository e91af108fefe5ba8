package io.moonglass.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// A conversation that keeps what was said. A turn that fails leaves it as it was. One turn at a time: asking while another
/// is answered is an [IllegalStateException]; what is said at the same moment belongs in branches.
///
/// Where it is kept within a limit, the model no longer sees the oldest turns; they stay in the history. What a prompt
/// costs the server counts exactly. When the limit is met, turns are left out until three quarters of it are left, so
/// that the server finds the prompt's beginning in its cache again for some turns.
public final class Conversation {

    private final MoonglassClient client;
    private final ChatCompletionRequest settings;
    private final List<Tool<?>> tools;
    private final int maxToolRounds;
    private final Limit limit;
    private final List<ChatMessage> history = new ArrayList<>();
    private final AtomicBoolean isAsked = new AtomicBoolean();
    private volatile int firstSeen;

    /// How many tokens a prompt may have.
    private interface Limit {
        int tokens(int contextLength);
    }

    private Conversation(
            MoonglassClient client,
            ChatCompletionRequest settings,
            List<Tool<?>> tools,
            int maxToolRounds,
            Limit limit) {
        this.client = client;
        this.settings = settings;
        this.tools = tools;
        this.maxToolRounds = maxToolRounds;
        this.limit = limit;
    }

    /// Asks, and waits for the answer's text.
    public String ask(String question, ContentPart... media) {
        return chat(question, media).text();
    }

    /// Asks, and waits for the whole answer. If there are tools, they are called meanwhile.
    public ChatCompletion chat(String question, ContentPart... media) {
        begin();
        try {
            ChatMessage asked = ChatMessage.user(question, media);
            ChatCompletionRequest request = request(asked);
            if (tools.isEmpty()) {
                ChatCompletion answer = client.chat(request);
                keep(asked, List.of(ChatMessage.assistant(answer.choices().get(0).message())));
                return answer;
            }
            ToolAnswer answer = client.chat(request, tools, maxToolRounds);
            keep(asked, answer.messages());
            return answer.completion();
        } finally {
            end();
        }
    }

    /// Asks, and waits for an answer that is a record.
    ///
    /// @throws UnusableAnswerException if it is none; the turn is not kept
    public <T> StructuredAnswer<T> chat(Class<T> type, String question, ContentPart... media) {
        begin();
        try {
            ChatMessage asked = ChatMessage.user(question, media);
            StructuredAnswer<T> answer = client.chat(request(asked), type);
            keep(
                    asked,
                    List.of(ChatMessage.assistant(answer.completion().choices().get(0).message())));
            return answer;
        } finally {
            end();
        }
    }

    /// Asks, and returns when the answer begins. The turn is kept once its last piece was read; one that is closed before
    /// is not.
    ///
    /// @throws IllegalStateException if there are tools, which are called between answers
    public AnswerStream<ChatCompletionChunk> stream(String question, ContentPart... media) {
        if (!tools.isEmpty()) {
            throw new IllegalStateException(
                    "a conversation with tools is not streamed; want chat, or none of tools");
        }
        begin();
        try {
            ChatMessage asked = ChatMessage.user(question, media);
            StringBuilder text = new StringBuilder();
            return client.stream(request(asked))
                    .observed(
                            chunk -> text.append(chunk.text()),
                            () -> keep(asked, List.of(ChatMessage.assistant(text.toString()))),
                            this::end);
        } catch (RuntimeException | Error e) {
            end();
            throw e;
        }
    }

    /// All that was said, without the system's message.
    public synchronized List<ChatMessage> history() {
        return List.copyOf(history);
    }

    /// How many questions were asked and answered.
    public synchronized int numTurns() {
        return turnStarts().size();
    }

    /// Another conversation that goes on from here; the two have nothing more in common.
    public Conversation branch() {
        return branchAfter(numTurns());
    }

    /// Another conversation that goes on from an earlier turn.
    ///
    /// @param numTurns how many turns it keeps
    /// @throws IllegalArgumentException if there are not so many
    public synchronized Conversation branchAfter(int numTurns) {
        List<Integer> starts = turnStarts();
        if (numTurns < 0 || numTurns > starts.size()) {
            throw new IllegalArgumentException(
                    "a branch after %d turns; want 0 to %d".formatted(numTurns, starts.size()));
        }
        Conversation branch = new Conversation(client, settings, tools, maxToolRounds, limit);
        int end = numTurns == starts.size() ? history.size() : starts.get(numTurns);
        branch.history.addAll(history.subList(0, end));
        branch.firstSeen = Math.min(firstSeen, end);
        return branch;
    }

    /// Another conversation that goes on from here under another system message.
    ///
    /// @param system what the model is told before all questions; null for nothing
    public synchronized Conversation branchWithSystem(String system) {
        ChatCompletionRequest.Builder changed = ChatCompletionRequest.builder();
        if (system != null) {
            changed.system(system);
        }
        settings.fields().forEach(changed::field);
        Conversation branch =
                new Conversation(client, changed.build(), tools, maxToolRounds, limit);
        branch.history.addAll(history);
        branch.firstSeen = firstSeen;
        return branch;
    }

    private void begin() {
        if (!isAsked.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "a turn is still being answered; read or close its stream first, or branch");
        }
    }

    private void end() {
        isAsked.set(false);
    }

    private synchronized void keep(ChatMessage question, List<ChatMessage> answers) {
        history.add(question);
        history.addAll(answers);
    }

    private ChatCompletionRequest request(ChatMessage question) {
        if (limit != null) {
            leaveOut(question);
        }
        return request(question, firstSeen);
    }

    private synchronized ChatCompletionRequest request(ChatMessage question, int from) {
        return settings.toBuilder()
                .messages(history.subList(from, history.size()))
                .message(question)
                .build();
    }

    /// If the prompt is over the limit, leaves out the fewest turns after which it is well below.
    private void leaveOut(ChatMessage question) {
        TokenCount all = count(question, firstSeen);
        int most = limit.tokens(all.maxModelLen());
        if (all.promptTokens() <= most) {
            return;
        }
        int target = most / 4 * 3;
        List<Integer> cuts = new ArrayList<>(turnStarts());
        cuts.removeIf(start -> start <= firstSeen);
        cuts.add(history.size());
        int low = 0;
        int high = cuts.size() - 1; // where nothing before the question is left, and that has to do
        while (low < high) {
            int middle = (low + high) / 2;
            if (count(question, cuts.get(middle)).promptTokens() <= target) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        firstSeen = cuts.get(low);
    }

    private TokenCount count(ChatMessage question, int from) {
        ChatCompletionRequest request = request(question, from);
        return client.countTokens(
                tools.isEmpty() ? request : request.toBuilder().tools(tools).build());
    }

    private synchronized List<Integer> turnStarts() {
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < history.size(); i++) {
            if (history.get(i).role().equals("user")) {
                starts.add(i);
            }
        }
        return starts;
    }

    /// Collects what all turns of a conversation have in common.
    public static final class Builder extends RequestBuilder<Builder> {

        private static final int DEFAULT_TOOL_ROUNDS = 8;

        private final MoonglassClient client;
        private final List<Tool<?>> tools = new ArrayList<>();
        private String system;
        private int maxToolRounds = DEFAULT_TOOL_ROUNDS;
        private Limit limit;

        Builder(MoonglassClient client) {
            this.client = client;
        }

        @Override
        Builder self() {
            return this;
        }

        /// What the model is told before all questions.
        public Builder system(String text) {
            system = text;
            return this;
        }

        /// What the model may call between its answers.
        public Builder tool(Tool<?> tool) {
            tools.add(tool);
            return this;
        }

        /// How many rounds of calls there may be in a turn (default: 8).
        public Builder maxToolRounds(int value) {
            maxToolRounds = value;
            return this;
        }

        /// Leave the oldest turns out where the prompt would have more tokens.
        public Builder keepWithin(int promptTokens) {
            limit = contextLength -> promptTokens;
            return this;
        }

        /// Leave the oldest turns out where the prompt would not leave so many tokens of the context for the answer.
        public Builder keepWithinContext(int answerTokens) {
            limit = contextLength -> Math.max(contextLength - answerTokens, 1);
            return this;
        }

        public Conversation start() {
            ChatCompletionRequest.Builder settings = ChatCompletionRequest.builder();
            if (system != null) {
                settings.system(system);
            }
            fields().forEach(settings::field);
            return new Conversation(
                    client, settings.build(), List.copyOf(tools), maxToolRounds, limit);
        }
    }
}
