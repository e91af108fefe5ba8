package io.moonglass.server.eval;

import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.LogitDifference;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.ModelComparison;
import io.moonglass.runtime.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/// Compares two models over the questions of a set. Later questions of a conversation follow the
/// reference's answers.
public final class Comparison {

    private final ModelComparison models;
    private final EvaluationSet set;
    private final int maxTokens;

    /// @param maxTokens of an answer
    public Comparison(ModelComparison models, EvaluationSet set, int maxTokens) {
        this.models = models;
        this.set = set;
        this.maxTokens = maxTokens;
    }

    /// @param progress told how many conversations are done
    /// @throws IOException if a picture cannot be read
    public ComparisonReport run(IntConsumer progress) throws IOException {
        Map<String, LogitDifference> skills = new LinkedHashMap<>();
        int numDone = 0;
        for (Conversation conversation : set.conversations()) {
            skills.merge(conversation.skill(), compare(conversation), LogitDifference::plus);
            progress.accept(++numDone);
        }
        return new ComparisonReport(skills);
    }

    private LogitDifference compare(Conversation conversation) throws IOException {
        LogitDifference difference = LogitDifference.NONE;
        List<Message> messages = new ArrayList<>();
        if (conversation.system() != null) {
            messages.add(Message.text(Role.SYSTEM, conversation.system()));
        }
        List<ContentPart> parts = new ArrayList<>();
        for (String image : conversation.images()) {
            parts.add(ContentPart.Picture.of(set.picture(image)));
        }
        for (Conversation.Turn turn : conversation.turns()) {
            parts.add(new ContentPart.Text(turn.question()));
            messages.add(new Message(Role.USER, parts));
            ModelComparison.Compared compared = models.compare(messages, maxTokens);
            difference = difference.plus(compared.difference());
            messages.add(Message.text(Role.ASSISTANT, compared.answer()));
            parts.clear();
        }
        return difference;
    }
}
