package io.moonglass.runtime.ocr;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which pages of a document are wanted, as a caller wrote it; the document may still be unknown. Pages count from 1
/// and are read in the document's order, each once, however often and in whichever order they are named.
public final class PageRanges {

    /// Ranges of one request, and single pages.
    public static final int MAX_RANGES = 1_000;

    /// The largest number a page can have.
    public static final int MAX_PAGE = 1_000_000;

    private static final String PARAM = "pages";
    private static final Pattern RANGE =
            Pattern.compile("\\s*+(\\d{1,7})\\s*+(?:(-)\\s*+(\\d{1,7})?\\s*+)?");

    /// @param last empty for the end of the document
    private record Range(int first, OptionalInt last) {}

    /// None for all pages.
    private final List<Range> ranges;

    private PageRanges(List<Range> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    public static PageRanges all() {
        return new PageRanges(List.of());
    }

    /// Pages and ranges with commas between them: `1-3,7,10-`, where a range without an end goes to the last page.
    /// White space around numbers is passed over.
    ///
    /// @throws InvalidRequestException naming `pages` if the text is something else
    public static PageRanges parse(String text) {
        List<Range> ranges = new ArrayList<>();
        for (String part : text.split(",", MAX_RANGES + 1)) {
            checkCount(ranges.size() + 1);
            Matcher matcher = RANGE.matcher(part);
            if (!matcher.matches()) {
                throw wrong(
                        "%s has \"%s\"; want pages and ranges such as 1-3,7,10-"
                                .formatted(PARAM, shortened(part)));
            }
            int first = page(Integer.parseInt(matcher.group(1)));
            OptionalInt last = OptionalInt.of(first);
            if (matcher.group(2) != null) {
                last =
                        matcher.group(3) == null
                                ? OptionalInt.empty()
                                : OptionalInt.of(page(Integer.parseInt(matcher.group(3))));
            }
            if (last.isPresent() && last.getAsInt() < first) {
                throw wrong(
                        "%s has %d-%d, which ends before it begins; want the smaller number first"
                                .formatted(PARAM, first, last.getAsInt()));
            }
            ranges.add(new Range(first, last));
        }
        return new PageRanges(ranges);
    }

    /// Single pages.
    ///
    /// @throws InvalidRequestException naming `pages` if there are none, too many, or one is no page's number
    public static PageRanges of(List<Integer> pages) {
        if (pages.isEmpty()) {
            throw wrong("%s is an empty list; want at least one page".formatted(PARAM));
        }
        checkCount(pages.size());
        return new PageRanges(
                pages.stream().map(page -> new Range(page(page), OptionalInt.of(page))).toList());
    }

    /// The pages that are wanted of a document.
    ///
    /// @param numPages how many it has
    /// @param maxPages the most that one request may have read
    /// @return from 0 on, ascending
    /// @throws InvalidRequestException naming `pages` if the document has not got one of them, or they are too many
    public int[] in(int numPages, int maxPages) {
        BitSet wanted = new BitSet();
        if (ranges.isEmpty()) {
            wanted.set(0, numPages);
        }
        for (Range range : ranges) {
            int last = range.last().orElse(Math.max(range.first(), numPages));
            if (last > numPages) {
                throw wrong(
                        "%s has %d, the document has %d; want numbers from 1 to %d"
                                .formatted(PARAM, last, numPages, numPages));
            }
            wanted.set(range.first() - 1, last);
        }
        if (wanted.cardinality() > maxPages) {
            throw wrong(
                    "%s are %,d pages, the limit is %,d a request; choose fewer, such as 1-%d"
                            .formatted(PARAM, wanted.cardinality(), maxPages, maxPages));
        }
        return wanted.stream().toArray();
    }

    private static int page(int number) {
        if (number < 1 || number > MAX_PAGE) {
            throw wrong("%s has %d; want numbers from 1 to %,d".formatted(PARAM, number, MAX_PAGE));
        }
        return number;
    }

    private static void checkCount(int numRanges) {
        if (numRanges > MAX_RANGES) {
            throw wrong("%s has more than %,d entries, the limit".formatted(PARAM, MAX_RANGES));
        }
    }

    private static String shortened(String part) {
        return part.length() <= 20 ? part : part.substring(0, 20) + "…";
    }

    private static InvalidRequestException wrong(String message) {
        return InvalidRequestException.invalidValue(PARAM, message);
    }
}
