package io.moonglass.runtime.grammar;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;

/// Reads a regular expression: what ECMA-262 and RE2 have in common, as far as it is regular.
///
/// Literals, `.`, classes with `\d \w \s` and general categories (`\p{L}`), groups, `|`, `* + ? {m,n}`, lazy ones too,
/// as which text is preferred does not matter here; `^` and `$` at the ends. Look-around, back references and word
/// boundaries are refused by name.
final class RegexParser {

    private static final int END = -1;

    private final Compilation compilation;
    private final String where;
    private final int[] pattern;
    private int at;
    private int nesting;

    private RegexParser(Compilation compilation, String where, String pattern) {
        this.compilation = compilation;
        this.where = where;
        this.pattern = pattern.codePoints().toArray();
    }

    /// @param where the pattern's place in the request, for messages
    static RegexSyntax parse(Compilation compilation, String where, String pattern) {
        compilation.checkLength(pattern.length());
        RegexParser parser = new RegexParser(compilation, where, pattern);
        RegexSyntax syntax = parser.alternatives();
        if (parser.peek() == ')') {
            throw parser.refused("a \")\" without its \"(\"");
        }
        return syntax;
    }

    private RegexSyntax alternatives() {
        List<RegexSyntax> options = new ArrayList<>();
        options.add(sequence());
        while (peek() == '|') {
            at++;
            options.add(sequence());
        }
        return options.size() == 1 ? options.getFirst() : new RegexSyntax.Alternatives(options);
    }

    private RegexSyntax sequence() {
        List<RegexSyntax> parts = new ArrayList<>();
        while (peek() != END && peek() != '|' && peek() != ')') {
            compilation.checkTime();
            parts.add(quantified());
        }
        return parts.size() == 1 ? parts.getFirst() : new RegexSyntax.Sequence(parts);
    }

    private RegexSyntax quantified() {
        RegexSyntax atom = atom();
        int min;
        int max;
        switch (peek()) {
            case '*' -> {
                min = 0;
                max = Expression.UNBOUNDED;
                at++;
            }
            case '+' -> {
                min = 1;
                max = Expression.UNBOUNDED;
                at++;
            }
            case '?' -> {
                min = 0;
                max = 1;
                at++;
            }
            case '{' -> {
                int[] counts = counts();
                if (counts == null) {
                    return atom; // a brace that is no count stands for itself
                }
                min = counts[0];
                max = counts[1];
            }
            default -> {
                return atom;
            }
        }
        if (peek() == '?') {
            at++;
        }
        if (peek() == '+') {
            throw refused("possessive repetition is not supported; leave the second sign out");
        }
        if (peek() == '*' || peek() == '?') {
            throw refused("two repetitions after each other; put the first into a group");
        }
        return atom instanceof RegexSyntax.Plain(Expression expression)
                ? new RegexSyntax.Plain(new Expression.Repetition(expression, min, max))
                : new RegexSyntax.Repetition(atom, min, max);
    }

    /// `{m}`, `{m,}` or `{m,n}`; null, with nothing read, if it is none of these.
    private int[] counts() {
        int from = at;
        at++;
        int min = count();
        int max = min;
        if (min >= 0 && peek() == ',') {
            at++;
            max = peek() == '}' ? Expression.UNBOUNDED : count();
        }
        if (min < 0 || max < 0 || peek() != '}') {
            at = from;
            return null;
        }
        at++;
        int limit = compilation.limits().maxRepetitions();
        if (min > limit || max != Expression.UNBOUNDED && max > limit) {
            at = from;
            throw refused("a repetition of more than %,d times; ask for fewer".formatted(limit));
        }
        if (min > max) {
            at = from;
            throw refused("a repetition of at least %d and at most %d times".formatted(min, max));
        }
        return new int[] {min, max};
    }

    private int count() {
        int value = -1;
        for (; peek() >= '0' && peek() <= '9'; at++) {
            value = Math.min(10 * Math.max(value, 0) + peek() - '0', Integer.MAX_VALUE / 16);
        }
        return value;
    }

    private RegexSyntax atom() {
        int c = peek();
        switch (c) {
            case '(' -> {
                return group();
            }
            case '[' -> {
                at++;
                return plain(characterClass());
            }
            case '.' -> {
                at++;
                return plain(CharacterClasses.DOT);
            }
            case '^', '$' -> {
                return new RegexSyntax.Anchor(c == '^', at++);
            }
            case '*', '+', '?' -> throw refused("nothing to repeat before it");
            case '\\' -> {
                return plain(escape(false, false));
            }
            default -> {
                at++;
                return plain(single(c));
            }
        }
    }

    private static RegexSyntax plain(CodePoints set) {
        return new RegexSyntax.Plain(new Expression.Characters(set));
    }

    private RegexSyntax group() {
        if (++nesting > compilation.limits().maxNesting()) {
            throw refused(
                    "more than %d groups inside each other; write a flatter one"
                            .formatted(compilation.limits().maxNesting()));
        }
        int from = at;
        at++;
        if (peek() == '?') {
            groupKind();
        }
        RegexSyntax body = alternatives();
        if (peek() != ')') {
            at = from;
            throw refused("a group that is not closed");
        }
        at++;
        nesting--;
        return body;
    }

    private void groupKind() {
        at++;
        int kind = peek();
        int second = at + 1 < pattern.length ? pattern[at + 1] : END;
        if (kind == ':') {
            at++;
        } else if (kind == '=' || kind == '!' || kind == '<' && (second == '=' || second == '!')) {
            throw refused("look-around is not supported; say what may come instead");
        } else if (kind == '<' || kind == 'P' && second == '<') {
            while (peek() != '>') {
                if (peek() == END) {
                    throw refused("a group's name that does not end");
                }
                at++;
            }
            at++;
        } else {
            throw refused(
                    "flags and special groups are not supported; only (...), (?:...) and (?<name>...) are");
        }
    }

    private CodePoints characterClass() {
        int from = at - 1;
        boolean negated = peek() == '^';
        if (negated) {
            at++;
        }
        List<CodePoints> members = new ArrayList<>();
        while (peek() != ']') {
            if (peek() == END) {
                at = from;
                throw refused("a class that is not closed");
            }
            compilation.checkTime();
            CodePoints first = classMember(negated);
            boolean isRange = peek() == '-' && at + 1 < pattern.length && pattern[at + 1] != ']';
            if (isRange && isSingle(first)) {
                at++;
                CodePoints last = classMember(negated);
                if (!isSingle(last) || last.first(0) < first.first(0)) {
                    throw refused("a range in a class has to go from one character up to another");
                }
                first = CodePoints.range(first.first(0), last.first(0));
            }
            members.add(first);
        }
        at++;
        CodePoints set = CodePoints.union(members);
        return negated ? set.complement() : set;
    }

    private static boolean isSingle(CodePoints set) {
        return set.numRanges() == 1 && set.first(0) == set.last(0);
    }

    private CodePoints classMember(boolean negated) {
        int c = peek();
        if (c == END) {
            throw refused("a class that is not closed");
        }
        if (c == '\\') {
            return escape(true, negated);
        }
        at++;
        return single(c);
    }

    /// @param negated whether the set is one that is taken away
    private CodePoints escape(boolean inClass, boolean negated) {
        at++;
        int c = peek();
        if (c == END) {
            throw refused("a backslash at the end");
        }
        at++;
        return switch (c) {
            case 'd' -> CharacterClasses.DIGIT;
            case 'D' -> CharacterClasses.DIGIT.complement();
            case 'w' -> CharacterClasses.WORD;
            case 'W' -> CharacterClasses.WORD.complement();
            case 's' -> negated ? CharacterClasses.WIDE_SPACE : CharacterClasses.SPACE;
            case 'S' ->
                    (negated ? CharacterClasses.SPACE : CharacterClasses.WIDE_SPACE).complement();
            case 'p', 'P' -> category(c == 'P');
            case 't' -> CodePoints.of('\t');
            case 'n' -> CodePoints.of('\n');
            case 'r' -> CodePoints.of('\r');
            case 'f' -> CodePoints.of('\f');
            case 'v' -> CodePoints.of(0x0b);
            case '0' -> CodePoints.of(0);
            case 'x' -> single(hexadecimal(2));
            case 'u' -> single(unicode());
            case 'b' -> {
                if (inClass) {
                    yield CodePoints.of('\b');
                }
                throw refused("word boundaries are not supported; leave \\b out");
            }
            case 'B' -> throw refused("word boundaries are not supported; leave \\B out");
            case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9' ->
                    throw refused("back references are not supported; write the group again");
            case 'A', 'z', 'Z' -> throw refused("write ^ or $ for the ends of the text");
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    throw refused("\\%s is not known".formatted(Character.toString(c)));
                }
                yield single(c);
            }
        };
    }

    private CodePoints category(boolean complement) {
        StringBuilder name = new StringBuilder();
        if (peek() == '{') {
            for (at++; peek() != '}'; at++) {
                if (peek() == END) {
                    throw refused("a category that is not closed");
                }
                name.appendCodePoint(peek());
            }
            at++;
        } else if (peek() != END) {
            name.appendCodePoint(peek());
            at++;
        }
        CodePoints set =
                CharacterClasses.category(name.toString())
                        .orElseThrow(() ->
                                refused(
                                        "no general category %s; want one such as L, Lu or Nd"
                                                .formatted(Compilation.quoted(name.toString()))));
        return complement ? set.complement() : set;
    }

    /// After a backslash and a u: four digits, two such escapes that are a pair, or any number of digits in braces.
    private int unicode() {
        if (peek() == '{') {
            at++;
            int value = 0;
            int from = at;
            while (peek() != '}') {
                value = Math.min(16 * value + digit(), Character.MAX_CODE_POINT + 1);
            }
            if (at == from || value > Character.MAX_CODE_POINT) {
                throw refused("no such character");
            }
            at++;
            return value;
        }
        int value = hexadecimal(4);
        boolean isPair =
                value >= Character.MIN_HIGH_SURROGATE
                        && value <= Character.MAX_HIGH_SURROGATE
                        && peek() == '\\'
                        && at + 1 < pattern.length
                        && pattern[at + 1] == 'u';
        if (isPair) {
            at += 2;
            int low = hexadecimal(4);
            if (Character.isLowSurrogate((char) low)) {
                return Character.toCodePoint((char) value, (char) low);
            }
        }
        return value;
    }

    private int hexadecimal(int numDigits) {
        int value = 0;
        for (int i = 0; i < numDigits; i++) {
            value = 16 * value + digit();
        }
        return value;
    }

    private int digit() {
        int digit = peek() == END ? -1 : Character.digit(peek(), 16);
        if (digit < 0) {
            throw refused("a hexadecimal digit is missing");
        }
        at++;
        return digit;
    }

    private CodePoints single(int codePoint) {
        CodePoints set = CodePoints.of(codePoint);
        if (set.isEmpty()) {
            throw refused("half of a surrogate pair; write the whole character");
        }
        return set;
    }

    private int peek() {
        return at < pattern.length ? pattern[at] : END;
    }

    private InvalidRequestException refused(String message) {
        int begin = Math.max(0, Math.min(at, pattern.length) - 10);
        int end = Math.min(pattern.length, at + 10);
        String near = new String(pattern, begin, end - begin);
        return compilation.refusedAt(
                where,
                "character %d (near %s): %s".formatted(at + 1, Compilation.quoted(near), message));
    }
}
