package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.List;

/// The rules of one grammar while it is compiled. Rule 0 is what a whole answer is.
final class Rules {

    static final int ROOT = 0;

    private final Compilation compilation;
    private final List<String> names = new ArrayList<>();
    private final List<Expression> bodies = new ArrayList<>();

    /// @param root what the answer as a whole is called in messages
    Rules(Compilation compilation, String root) {
        this.compilation = compilation;
        reserve(root);
    }

    /// Rules that are one expression, which refers to no other.
    static Rules of(Compilation compilation, Expression body) {
        Rules rules = new Rules(compilation, compilation.param());
        rules.define(ROOT, body);
        return rules;
    }

    /// A rule that may be referred to and is [defined][#define(int, Expression)] later.
    ///
    /// @param name where it stands in the request, for messages
    int reserve(String name) {
        if (names.size() == compilation.limits().maxRules()) {
            throw compilation.refusedAt(
                    name,
                    "more than %,d rules so far; send a smaller grammar"
                            .formatted(compilation.limits().maxRules()));
        }
        compilation.checkTime();
        names.add(name);
        bodies.add(null);
        return names.size() - 1;
    }

    void define(int rule, Expression body) {
        bodies.set(rule, body);
    }

    int add(String name, Expression body) {
        int rule = reserve(name);
        define(rule, body);
        return rule;
    }

    int size() {
        return names.size();
    }

    String name(int rule) {
        return names.get(rule);
    }

    Expression body(int rule) {
        return bodies.get(rule);
    }

    Compilation compilation() {
        return compilation;
    }
}
