package io.moonglass.clients.schema;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// What a record's component may hold, beside what its type says; the model can write nothing else.
///
/// ```java
/// record Rating(@Constraint(minimum = 1, maximum = 5) int stars, @Constraint(maxLength = 200) String why) {}
/// ```
@Target({ElementType.RECORD_COMPONENT, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
public @interface Constraint {

    /// The least number.
    double minimum() default Double.NEGATIVE_INFINITY;

    /// The greatest number.
    double maximum() default Double.POSITIVE_INFINITY;

    /// The fewest characters of a text.
    int minLength() default 0;

    /// The most characters of a text.
    int maxLength() default Integer.MAX_VALUE;

    /// A regular expression as in ECMA 262 that must be found in a text; `^` and `$` make it all of it. Empty for none.
    String pattern() default "";

    /// The fewest items of a list.
    int minItems() default 0;

    /// The most items of a list.
    int maxItems() default Integer.MAX_VALUE;
}
