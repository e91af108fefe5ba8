package io.moonglass.runtime.grammar;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads a grammar in GBNF, llama.cpp's dialect of Backus-Naur form: rules `name ::= ...` of which `root` is the
/// whole answer, literals in quotes, classes in brackets, `.`, groups, `|`, `* + ? {m,n}` and comments after `#`.
final class GbnfParser {

    private static final int END = -1;
    private static final String ROOT = "root";

    private final Compilation compilation;
    private final int[] text;
    private final Rules rules;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<Integer, Integer> lineOfFirstUse = new HashMap<>();
    private final Map<Integer, Integer> lineOfRule = new HashMap<>();
    private int at;
    private int line = 1;
    private int nesting;

    private GbnfParser(Compilation compilation, String grammar) {
        this.compilation = compilation;
        this.text = grammar.codePoints().toArray();
        this.rules = new Rules(compilation, compilation.param() + ": rule " + ROOT);
        numbers.put(ROOT, Rules.ROOT);
    }

    static Rules parse(Compilation compilation, String grammar) {
        compilation.checkLength(grammar.length());
        GbnfParser parser = new GbnfParser(compilation, grammar);
        parser.rules();
        return parser.rules;
    }

    private void rules() {
        skipBlanks(true);
        while (peek() != END) {
            rule();
            skipBlanks(true);
        }
        for (Map.Entry<String, Integer> entry : numbers.entrySet()) {
            if (rules.body(entry.getValue()) == null) {
                if (entry.getValue() == Rules.ROOT && !lineOfFirstUse.containsKey(Rules.ROOT)) {
                    throw compilation.refused(
                            "no rule root; the whole answer has to have that name");
                }
                line = lineOfFirstUse.get(entry.getValue());
                throw refused("there is no rule %s".formatted(Compilation.quoted(entry.getKey())));
            }
        }
    }

    private void rule() {
        String name = name();
        int rule = number(name);
        if (rules.body(rule) != null) {
            throw refused(
                    "rule %s stands in line %d already"
                            .formatted(Compilation.quoted(name), lineOfRule.get(rule)));
        }
        lineOfRule.put(rule, line);
        skipBlanks(false);
        for (int expected : new int[] {':', ':', '='}) {
            if (peek() != expected) {
                throw refused(
                        "want ::= after the rule's name %s".formatted(Compilation.quoted(name)));
            }
            at++;
        }
        skipBlanks(true);
        rules.define(rule, alternatives(false));
        if (peek() != '\n' && peek() != '\r' && peek() != END) {
            throw refused("want an operator, a new line or the end");
        }
    }

    private Expression alternatives(boolean inGroup) {
        List<Expression> options = new ArrayList<>();
        options.add(sequence(inGroup));
        while (peek() == '|') {
            at++;
            skipBlanks(true);
            options.add(sequence(inGroup));
        }
        return options.size() == 1 ? options.getFirst() : new Expression.Alternatives(options);
    }

    private Expression sequence(boolean inGroup) {
        List<Expression> parts = new ArrayList<>();
        boolean repeatable = false;
        while (true) {
            compilation.checkTime();
            int c = peek();
            boolean isRepetition = c == '*' || c == '+' || c == '?' || c == '{';
            if (isRepetition) {
                if (!repeatable) {
                    throw refused(
                            "nothing to repeat; a repetition of a repetition goes into a group");
                }
                parts.addLast(repetition(parts.removeLast()));
            } else if (c == '"') {
                parts.add(literal());
            } else if (c == '[') {
                parts.add(new Expression.Characters(characterClass()));
            } else if (c == '.') {
                at++;
                parts.add(new Expression.Characters(CodePoints.ALL));
            } else if (c == '(') {
                parts.add(group());
            } else if (isNameCharacter(c)) {
                int rule = number(name());
                lineOfFirstUse.putIfAbsent(rule, line);
                parts.add(new Expression.Reference(rule));
            } else if (c == '<' || c == '!') {
                throw refused("tokens are not supported; write their text as a literal");
            } else {
                break;
            }
            repeatable = !isRepetition;
            skipBlanks(inGroup);
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.Sequence(parts);
    }

    private Expression group() {
        if (++nesting > compilation.limits().maxNesting()) {
            throw refused(
                    "more than %d groups inside each other; make rules of some"
                            .formatted(compilation.limits().maxNesting()));
        }
        int opened = line;
        at++;
        skipBlanks(true);
        Expression body = alternatives(true);
        if (peek() != ')') {
            throw refused("the group that line %d opens is not closed".formatted(opened));
        }
        at++;
        nesting--;
        return body;
    }

    private Expression repetition(Expression body) {
        return switch (text[at++]) {
            case '*' -> Expression.anyNumberOf(body);
            case '+' -> new Expression.Repetition(body, 1, Expression.UNBOUNDED);
            case '?' -> Expression.optional(body);
            default -> counted(body);
        };
    }

    private Expression counted(Expression body) {
        skipBlanks(false);
        int min = peek() == ',' ? 0 : count();
        skipBlanks(false);
        int max = min;
        if (peek() == ',') {
            at++;
            skipBlanks(false);
            max = peek() == '}' ? Expression.UNBOUNDED : count();
            skipBlanks(false);
        }
        if (peek() != '}') {
            throw refused("want } after the count of a repetition");
        }
        at++;
        if (min > max) {
            throw refused("a repetition of at least %d and at most %d times".formatted(min, max));
        }
        return new Expression.Repetition(body, min, max);
    }

    private int count() {
        if (peek() < '0' || peek() > '9') {
            throw refused("want a number of repetitions");
        }
        int limit = compilation.limits().maxRepetitions();
        int value = 0;
        for (; peek() >= '0' && peek() <= '9'; at++) {
            value = 10 * value + peek() - '0';
            if (value > limit) {
                throw refused(
                        "a repetition of more than %,d times; ask for fewer".formatted(limit));
            }
        }
        return value;
    }

    private Expression literal() {
        at++;
        StringBuilder literal = new StringBuilder();
        while (peek() != '"') {
            literal.appendCodePoint(character("a literal"));
        }
        at++;
        return new Expression.Literal(literal.toString());
    }

    private CodePoints characterClass() {
        at++;
        boolean negated = peek() == '^';
        if (negated) {
            at++;
        }
        List<CodePoints> members = new ArrayList<>();
        while (peek() != ']') {
            compilation.checkTime();
            int first = character("a class");
            int last = first;
            if (peek() == '-' && at + 1 < text.length && text[at + 1] != ']') {
                at++;
                last = character("a class");
            }
            if (last < first) {
                throw refused("a range in a class that goes down; write the lower character first");
            }
            members.add(CodePoints.range(first, last));
        }
        at++;
        CodePoints set = CodePoints.union(members);
        return negated ? set.complement() : set;
    }

    private int character(String inWhat) {
        int c = peek();
        if (c == END || c == '\n') {
            throw refused("%s that is not closed".formatted(inWhat));
        }
        at++;
        int character = c == '\\' ? escape() : c;
        if (CodePoints.of(character).isEmpty()) {
            throw refused("half of a surrogate pair; write the whole character");
        }
        return character;
    }

    private int escape() {
        int c = peek();
        at++;
        return switch (c) {
            case 'x' -> hexadecimal(2);
            case 'u' -> hexadecimal(4);
            case 'U' -> hexadecimal(8);
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'n' -> '\n';
            case '\\', '"', '[', ']', '-', '^' -> c;
            default ->
                    throw refused(
                            "no such escape; want one of \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH \\UHHHHHHHH");
        };
    }

    private int hexadecimal(int numDigits) {
        long value = 0;
        for (int i = 0; i < numDigits; i++) {
            int digit = peek() == END ? -1 : Character.digit(peek(), 16);
            if (digit < 0) {
                throw refused("want %d hexadecimal digits".formatted(numDigits));
            }
            value = 16 * value + digit;
            at++;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw refused("no such character");
        }
        return (int) value;
    }

    private String name() {
        StringBuilder name = new StringBuilder();
        for (; isNameCharacter(peek()); at++) {
            name.appendCodePoint(peek());
        }
        if (name.isEmpty()) {
            throw refused("want a rule's name, of letters, digits and hyphens");
        }
        return name.toString();
    }

    private int number(String name) {
        Integer number = numbers.get(name);
        if (number == null) {
            number = rules.reserve(compilation.param() + ": rule " + name);
            numbers.put(name, number);
        }
        return number;
    }

    private static boolean isNameCharacter(int c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '-'
                || c == '_';
    }

    /// White space and comments.
    private void skipBlanks(boolean overLines) {
        while (true) {
            int c = peek();
            if (c == '#') {
                while (peek() != '\n' && peek() != END) {
                    at++;
                }
            } else if (c == ' ' || c == '\t' || overLines && (c == '\n' || c == '\r')) {
                line += c == '\n' ? 1 : 0;
                at++;
            } else {
                return;
            }
        }
    }

    private int peek() {
        return at < text.length ? text[at] : END;
    }

    private InvalidRequestException refused(String message) {
        return compilation.refused("line %d: %s".formatted(line, message));
    }
}
