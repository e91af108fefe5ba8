package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDPageTree;

/// The pages of a PDF in order, by a walk of our own: the counts that a file declares may be wrong, and its tree may
/// contain itself.
final class PageTree {

    private static final List<COSName> INHERITED =
            List.of(COSName.RESOURCES, COSName.MEDIA_BOX, COSName.CROP_BOX, COSName.ROTATE);

    private final List<Optional<COSDictionary>> pages = new ArrayList<>();
    private final DocumentLimits limits;

    /// @throws InvalidRequestException if there are no pages, or more than the limit
    PageTree(COSDictionary root, DocumentLimits limits) {
        this.limits = limits;
        Set<COSDictionary> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        // its own stack, because a tree that is as deep as a file is long would overflow the
        // thread's
        ArrayDeque<Children> open = new ArrayDeque<>();
        if (root != null) {
            visit(Optional.of(root), open, seen);
        }
        while (!open.isEmpty()) {
            Children children = open.peek();
            if (children.isDone()) {
                open.pop();
            } else {
                visit(children.next(), open, seen);
            }
        }
        if (pages.isEmpty()) {
            throw PdfFaults.damaged("PDF: has no pages");
        }
    }

    private void visit(
            Optional<COSDictionary> node, ArrayDeque<Children> open, Set<COSDictionary> seen) {
        Optional<COSArray> kids = node.map(parent -> parent.getCOSArray(COSName.KIDS));
        if (kids.isPresent()) {
            if (seen.add(node.get())) {
                open.push(new Children(kids.get()));
            }
        } else if (node.map(leaf -> !isBranch(leaf)).orElse(true)) {
            add(node);
        }
    }

    private static boolean isBranch(COSDictionary node) {
        return COSName.PAGES.equals(node.getCOSName(COSName.TYPE));
    }

    /// Keeps the place of a page that is missing, so that the others have their numbers.
    private void add(Optional<COSDictionary> page) {
        if (pages.size() == limits.maxPages()) {
            throw PdfFaults.tooLarge(
                    "PDF: has more than %,d pages, the limit; send it in parts"
                            .formatted(limits.maxPages()));
        }
        pages.add(page);
    }

    int numPages() {
        return pages.size();
    }

    /// A copy of the page, apart from its tree, that has all it inherits there. It may be changed.
    ///
    /// @throws InvalidRequestException if the page is missing
    COSDictionary page(int index) {
        COSDictionary page =
                pages.get(index)
                        .orElseThrow(
                                () -> PdfFaults.damaged(PdfFaults.page(index) + ": is missing"));
        COSDictionary copy = new COSDictionary(page);
        for (COSName key : INHERITED) {
            copy.setItem(key, PDPageTree.getInheritableAttribute(page, key));
        }
        copy.setItem(COSName.TYPE, COSName.PAGE);
        copy.removeItem(COSName.PARENT);
        return copy;
    }

    /// Children of a node of which some were visited.
    private static final class Children {
        private final COSArray kids;
        private int next;

        Children(COSArray kids) {
            this.kids = kids;
        }

        boolean isDone() {
            return next == kids.size();
        }

        Optional<COSDictionary> next() {
            return kids.getObject(next++) instanceof COSDictionary kid
                    ? Optional.of(kid)
                    : Optional.empty();
        }
    }
}
