package io.moonglass.server.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A folder with `questions.jsonl` and the pictures that it names.
public record EvaluationSet(Path directory, List<Conversation> conversations) {

    private static final String FILE = "questions.jsonl";
    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    public EvaluationSet {
        conversations = List.copyOf(conversations);
    }

    /// @throws ConfigException if there are no questions, a line is not one, or a picture is missing
    public static EvaluationSet read(Path directory) {
        Path file = directory.resolve(FILE);
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: cannot be read; want a folder with %s".formatted(directory, FILE), e);
        }
        List<Conversation> conversations = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                conversations.add(parse(directory, file + " line " + (i + 1), lines.get(i)));
            }
        }
        if (conversations.isEmpty()) {
            throw new ConfigException(file + ": holds no questions; want one JSON object a line");
        }
        return new EvaluationSet(directory, conversations);
    }

    /// At most that many conversations, spread over the set, whose skills lie one after another.
    public EvaluationSet sample(int most) {
        int numKept = Math.min(most, conversations.size());
        List<Conversation> kept = new ArrayList<>();
        for (int i = 0; i < numKept; i++) {
            kept.add(conversations.get((int) ((long) i * conversations.size() / numKept)));
        }
        return new EvaluationSet(directory, kept);
    }

    byte[] picture(String image) throws IOException {
        return Files.readAllBytes(directory.resolve(image));
    }

    private static Conversation parse(Path directory, String where, String line) {
        Conversation conversation;
        try {
            conversation = JSON.readValue(line, Conversation.class);
        } catch (JsonProcessingException e) {
            throw new ConfigException(where + ": " + e.getOriginalMessage(), e);
        }
        if (conversation.skill() == null || isEmpty(conversation.turns())) {
            throw new ConfigException(where + ": want a skill and at least one turn");
        }
        for (Conversation.Turn turn : conversation.turns()) {
            if (turn.question() == null || isEmpty(turn.answers())) {
                throw new ConfigException(
                        where + ": want a question and at least one answer in every turn");
            }
        }
        for (String image : conversation.images()) {
            if (!Files.isRegularFile(directory.resolve(image))) {
                throw new ConfigException(
                        "%s: no such picture: %s".formatted(where, directory.resolve(image)));
            }
        }
        return conversation;
    }

    private static boolean isEmpty(List<?> list) {
        return list == null || list.isEmpty();
    }
}
