package io.moonglass.runtime.grammar;

import io.moonglass.engine.TokenMask;

/// One answer on its way through a grammar.
final class GrammarMask implements TokenMask {

    private final TokenMasks masks;
    private final Automaton automaton;
    private State state;
    private boolean stopped;

    GrammarMask(TokenMasks masks, Automaton automaton, State state) {
        this.masks = masks;
        this.automaton = automaton;
        this.state = state;
    }

    @Override
    public long[] allowed() {
        return masks.allowed(automaton, state);
    }

    @Override
    public void accept(int tokenId) {
        if (masks.isStop(tokenId)) {
            stopped = true;
            return;
        }
        State next = state;
        for (byte value : masks.tokenBytes(tokenId)) {
            next = automaton.nextByte(next, value & 0xff);
        }
        if (next.isDead()) {
            throw new IllegalArgumentException(
                    "token %d does not go on in the grammar; only tokens of the mask may be chosen"
                            .formatted(tokenId));
        }
        state = automaton.current(next);
    }

    @Override
    public boolean isFinished() {
        return stopped || state.isFinished();
    }

    State state() {
        return state;
    }
}
