package io.moonglass.runtime.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The named sets of regular expressions.
///
/// Dialects disagree about some characters; where they do, a set here is the part on which ECMA-262, RE2 and
/// `java.util.regex` agree, so that what is generated meets each of them.
final class CharacterClasses {

    static final CodePoints DIGIT = CodePoints.range('0', '9');
    static final CodePoints WORD =
            DIGIT.or(CodePoints.range('a', 'z'))
                    .or(CodePoints.range('A', 'Z'))
                    .or(CodePoints.of('_'));

    /// White space for every dialect.
    static final CodePoints SPACE = CodePoints.of(" \t\n\r\f\u000b");

    /// White space for any dialect.
    static final CodePoints WIDE_SPACE =
            SPACE.or(CodePoints.of("\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u180e\ufeff"))
                    .or(CodePoints.range(0x2000, 0x200a))
                    .or(CodePoints.range(0x1c, 0x1f));

    /// What `.` never is for any dialect.
    static final CodePoints LINE_ENDS = CodePoints.of("\n\r\u0085\u2028\u2029");

    static final CodePoints DOT = LINE_ENDS.complement();

    /// Names of general categories by the numbers of [Character#getType(int)].
    private static final String[] CATEGORIES = new String[31];

    static {
        String names =
                "0Cn 1Lu 2Ll 3Lt 4Lm 5Lo 6Mn 7Me 8Mc 9Nd 10Nl 11No 12Zs 13Zl 14Zp 15Cc 16Cf 18Co 19Cs 20Pd 21Ps 22Pe"
                        + " 23Pc 24Po 25Sm 26Sc 27Sk 28So 29Pi 30Pf";
        for (String entry : names.split(" ")) {
            int digits = entry.length() - 2;
            CATEGORIES[Integer.parseInt(entry.substring(0, digits))] = entry.substring(digits);
        }
    }

    private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();

    private CharacterClasses() {}

    /// The characters of a general category (`Lu`), or of all that begin with one letter (`L`).
    static Optional<CodePoints> category(String name) {
        boolean exists = false;
        for (String category : CATEGORIES) {
            exists |= isIn(category, name);
        }
        return exists
                ? Optional.of(KNOWN.computeIfAbsent(name, CharacterClasses::find))
                : Optional.empty();
    }

    private static CodePoints find(String name) {
        List<CodePoints> ranges = new ArrayList<>();
        int first = -1;
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT + 1; codePoint++) {
            boolean isMember =
                    codePoint <= Character.MAX_CODE_POINT
                            && isIn(CATEGORIES[Character.getType(codePoint)], name);
            if (isMember && first < 0) {
                first = codePoint;
            } else if (!isMember && first >= 0) {
                ranges.add(CodePoints.range(first, codePoint - 1));
                first = -1;
            }
        }
        return CodePoints.union(ranges);
    }

    private static boolean isIn(String category, String name) {
        return category != null
                && (category.equals(name) || name.length() == 1 && category.startsWith(name));
    }
}
