package io.moonglass.server.load;

import io.moonglass.clients.ContentPart;
import io.moonglass.server.load.ConversationPlan.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Deals out conversations. What is said in the n-th is decided by mix, seed and n, whoever takes it and when. Safe to use
/// from any thread.
public final class LoadPlan {

    private final LoadMix mix;
    private final long seed;
    private final long firstState;
    private final List<Shared> shared = new ArrayList<>();
    private long numRequestsLeft;
    private long numConversations;

    /// What all conversations of a scenario have in common.
    private record Shared(Optional<String> system, List<List<ContentPart>> pools) {}

    /// Paints the pictures that clients share.
    ///
    /// @param numRequests questions in all; the last conversation is cut short to fit. Empty for no end
    public LoadPlan(LoadMix mix, long seed, OptionalLong numRequests) {
        this.mix = mix;
        this.seed = seed;
        // hashed, so that neighbouring seeds have nothing in common
        this.firstState = new SplittableRandom(seed).nextLong();
        this.numRequestsLeft = numRequests.orElse(Long.MAX_VALUE);
        for (int i = 0; i < mix.scenarios().size(); i++) {
            Scenario scenario = mix.scenarios().get(i);
            RandomGenerator random = random(-1 - i);
            shared.add(
                    new Shared(
                            scenario.system().map(text -> text.text(random)),
                            scenario.pictures().stream().map(set -> set.pool(random)).toList()));
        }
    }

    LoadMix mix() {
        return mix;
    }

    long seed() {
        return seed;
    }

    /// The next conversation; empty if all requests are dealt out.
    Optional<ConversationPlan> next() {
        RandomGenerator random;
        int index;
        int numTurns;
        synchronized (this) {
            if (numRequestsLeft == 0) {
                return Optional.empty();
            }
            random = random(numConversations++);
            index = mix.draw(random);
            numTurns = (int) Math.min(mix.scenarios().get(index).numTurns(), numRequestsLeft);
            numRequestsLeft -= numTurns;
        }
        List<Turn> turns = new ArrayList<>();
        for (int i = 0; i < numTurns; i++) {
            turns.add(turn(index, i, random));
        }
        return Optional.of(new ConversationPlan(index, shared.get(index).system(), turns));
    }

    private Turn turn(int index, int turn, RandomGenerator random) {
        Scenario scenario = mix.scenarios().get(index);
        List<ContentPart> pictures = new ArrayList<>();
        for (int i = 0; i < scenario.pictures().size(); i++) {
            PictureSet set = scenario.pictures().get(i);
            if (turn == 0 || set.everyTurn()) {
                pictures.addAll(set.draw(shared.get(index).pools().get(i), random));
            }
        }
        return new Turn(
                pictures,
                scenario.prompt(turn).text(random),
                scenario.think().draw(random),
                random.nextLong(),
                random.nextDouble() < scenario.cancelShare()
                        ? Optional.of(Cancellation.draw(random, scenario.maxTokens()))
                        : Optional.empty());
    }

    private RandomGenerator random(long number) {
        return new SplittableRandom(firstState + number);
    }
}
