package io.moonglass.loader.tokenizer;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ModelFormatException;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The tokens that stand for control, not for text: their names, their ids and where they occur.
///
/// They follow the ordinary tokens. The released tokenizer reserves 258 of them, two more than the
/// embedding table has rows for; those without a name in tokenizer_config.json are called
/// `<|reserved_token_{id}|>`.
final class SpecialTokens {

    static final int COUNT = 258;

    /// A special token found in a text: `[start, end)`.
    record Match(int start, int end, int id) {}

    private final int firstId;
    private final String[] names = new String[COUNT];
    private final Map<String, Integer> ids = new LinkedHashMap<>();

    // A trie of the names: node << 16 | char -> node. Node 0 is the root.
    private final Map<Long, Integer> edges = new HashMap<>();
    private final Map<Integer, Integer> idAtNode = new HashMap<>();
    private final BitSet firstChars = new BitSet();

    SpecialTokens(int firstId, TokenizerConfig config) {
        this.firstId = firstId;
        config.addedTokens()
                .forEach((id, name) -> {
                    if (!isSpecial(id)) {
                        throw new ModelFormatException(
                                "tokenizer_config.json: added_tokens_decoder gives the name %s to id %d; want %d to %d, the ids after the tokens of tiktoken.model; take both from one release"
                                        .formatted(name, id, firstId, endId() - 1));
                    }
                    names[id - firstId] = name;
                });
        for (int i = 0; i < COUNT; i++) {
            if (names[i] == null) {
                names[i] = "<|reserved_token_" + (firstId + i) + "|>";
            }
            Integer other = ids.put(names[i], firstId + i);
            if (other != null) {
                throw new ModelFormatException(
                        "tokenizer_config.json: added_tokens_decoder gives the name %s to ids %d and %d; want one name for one id"
                                .formatted(names[i], other, firstId + i));
            }
            addToTrie(names[i], firstId + i);
        }
    }

    /// One past the last special id.
    int endId() {
        return firstId + COUNT;
    }

    boolean isSpecial(int id) {
        return id >= firstId && id < endId();
    }

    String name(int id) {
        return names[id - firstId];
    }

    Set<String> names() {
        return Collections.unmodifiableSet(ids.keySet());
    }

    OptionalInt id(String name) {
        Integer id = ids.get(name);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The leftmost special token in `text[from, to)`, the longest of those that start there; null if
    /// there is none.
    Match find(String text, int from, int to) {
        for (int start = from; start < to; start++) {
            if (firstChars.get(text.charAt(start))) {
                Match match = longestAt(text, start, to);
                if (match != null) {
                    return match;
                }
            }
        }
        return null;
    }

    private Match longestAt(String text, int start, int to) {
        Match longest = null;
        int node = 0;
        for (int i = start; i < to; i++) {
            Integer child = edges.get(edge(node, text.charAt(i)));
            if (child == null) {
                break;
            }
            node = child;
            Integer id = idAtNode.get(node);
            if (id != null) {
                longest = new Match(start, i + 1, id);
            }
        }
        return longest;
    }

    private void addToTrie(String name, int id) {
        firstChars.set(name.charAt(0));
        int node = 0;
        for (int i = 0; i < name.length(); i++) {
            int fresh = edges.size() + 1;
            Integer present = edges.putIfAbsent(edge(node, name.charAt(i)), fresh);
            node = present == null ? fresh : present;
        }
        idAtNode.put(node, id);
    }

    private static long edge(int node, char character) {
        return (long) node << 16 | character;
    }
}
