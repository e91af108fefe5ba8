package io.moonglass.loader.template;

import com.hubspot.jinjava.el.ExtendedSyntaxBuilder;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.el.ext.AdditionOperator;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.StringConcatOperator;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.misc.NumberOperations;
import jinjava.de.odysseus.el.misc.TypeConverter;
import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.TreeBuilder;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstBracket;
import jinjava.de.odysseus.el.tree.impl.ast.AstDot;
import jinjava.de.odysseus.el.tree.impl.ast.AstIdentifier;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstUnary;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;

/// Jinja's expressions with Python's operators. Jinjava adds what is undefined as "null", calls the
/// string "1" equal to the number, makes a boolean of `a and b`, and takes an unknown filter for one
/// that yields nothing; a template that relies on Python would be rendered wrong without a word.
final class PythonExpressions extends ExpressionFactoryImpl {

    private static final AstBinary.Operator CONCATENATE =
            operator((converter, left, right) -> concatenate(left, right));

    /// The value before a dot or a bracket: it may not be undefined; what the dot yields may.
    private static final AstUnary.Operator DEFINED =
            new AstUnary.Operator() {
                @Override
                public Object eval(Bindings bindings, ELContext context, AstNode base) {
                    Object value = base.eval(bindings, context);
                    if (PythonValues.isUndefined(value)) {
                        throw new ELException(
                                "%s is undefined".formatted(base.getStructuralId(null).strip()));
                    }
                    return value;
                }

                @Override
                public String toString() {
                    return ""; // no part of the expression as it was written
                }
            };

    PythonExpressions() {
        super(new Properties(), new TruthyTypeConverter());
    }

    @Override
    protected TreeBuilder createTreeBuilder(Properties properties, Builder.Feature... features) {
        return new Syntax(features);
    }

    private static final class Syntax extends ExtendedSyntaxBuilder {

        private static final long serialVersionUID = 1;

        Syntax(Builder.Feature... features) {
            super(features);
        }

        @Override
        protected Parser createParser(String expression) {
            return new PythonParser(this, expression);
        }
    }

    private static final class PythonParser extends ExtendedParser {

        PythonParser(Builder context, String expression) {
            super(context, expression);
            putExtensionHandler(
                    StringConcatOperator.TOKEN,
                    new ExtensionHandler(ExtensionPoint.ADD) {
                        @Override
                        public AstNode createAstNode(AstNode... operands) {
                            return PythonParser.super.createAstBinary(
                                    operands[0], operands[1], CONCATENATE);
                        }
                    });
        }

        @Override
        protected AstIdentifier createAstIdentifier(String name, int index) {
            checkKnown(name, FILTER_PREFIX, JinjaSandbox.FILTERS, "filter");
            checkKnown(name, EXPTEST_PREFIX, JinjaSandbox.TESTS, "test");
            return super.createAstIdentifier(name, index);
        }

        @Override
        protected AstBinary createAstBinary(
                AstNode left, AstNode right, AstBinary.Operator operator) {
            return super.createAstBinary(left, right, pythonOperator(operator));
        }

        @Override
        protected AstDot createAstDot(AstNode base, String property, boolean lvalue) {
            return super.createAstDot(checked(base), property, lvalue);
        }

        @Override
        protected AstBracket createAstBracket(
                AstNode base, AstNode property, boolean lvalue, boolean strict) {
            return super.createAstBracket(checked(base), property, lvalue, strict);
        }

        private AstNode checked(AstNode base) {
            return createAstUnary(base, DEFINED);
        }

        private static void checkKnown(String name, String prefix, Set<String> known, String kind) {
            if (name.startsWith(prefix) && !known.contains(name.substring(prefix.length()))) {
                throw new ELException(
                        "unknown %s %s".formatted(kind, name.substring(prefix.length())));
            }
        }
    }

    private static AstBinary.Operator pythonOperator(AstBinary.Operator operator) {
        if (operator == AdditionOperator.OP || operator == AstBinary.ADD) {
            return operator(PythonExpressions::add);
        }
        if (operator == AstBinary.MUL) {
            return operator(PythonExpressions::multiply);
        }
        if (operator == AstBinary.EQ) {
            return operator((converter, left, right) -> PythonValues.equal(left, right));
        }
        if (operator == AstBinary.NE) {
            return operator((converter, left, right) -> !PythonValues.equal(left, right));
        }
        if (operator == AstBinary.AND) {
            return (bindings, context, left, right) -> {
                Object value = left.eval(bindings, context);
                return bindings.convert(value, Boolean.class)
                        ? right.eval(bindings, context)
                        : value;
            };
        }
        return operator;
    }

    private static AstBinary.Operator operator(Operation operation) {
        return new AstBinary.SimpleOperator() {
            @Override
            protected Object apply(TypeConverter converter, Object left, Object right) {
                return operation.apply(converter, left, right);
            }
        };
    }

    private interface Operation {
        Object apply(TypeConverter converter, Object left, Object right);
    }

    private static Object add(TypeConverter converter, Object left, Object right) {
        if (left instanceof String && right instanceof String) {
            return concatenate(left, right);
        }
        if (left instanceof Number && right instanceof Number) {
            return NumberOperations.add(converter, left, right);
        }
        if (left instanceof Collection<?> first && right instanceof Collection<?> second) {
            PythonValues.checkSize((long) first.size() + second.size());
            List<Object> joined = new ArrayList<>(first);
            joined.addAll(second);
            return joined;
        }
        throw new ELException("cannot add %s and %s".formatted(kind(left), kind(right)));
    }

    private static Object multiply(TypeConverter converter, Object left, Object right) {
        if (left instanceof Number && right instanceof Number) {
            return NumberOperations.mul(converter, left, right);
        }
        if (left instanceof String text) {
            long times = Math.clamp(PythonValues.integer(right), 0, Integer.MAX_VALUE);
            PythonValues.checkLength(text.length() * times);
            return text.repeat((int) times);
        }
        throw new ELException("cannot multiply %s and %s".formatted(kind(left), kind(right)));
    }

    private static String concatenate(Object left, Object right) {
        String first = PythonValues.str(left);
        String second = PythonValues.str(right);
        PythonValues.checkLength((long) first.length() + second.length());
        return first.concat(second);
    }

    private static String kind(Object value) {
        return PythonValues.isUndefined(value)
                ? "an undefined value"
                : "a " + value.getClass().getSimpleName();
    }
}
