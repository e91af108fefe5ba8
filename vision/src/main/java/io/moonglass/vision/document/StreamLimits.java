package io.moonglass.vision.document;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSObject;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.filter.Filter;
import org.apache.pdfbox.filter.FilterFactory;

/// Measures every stream that a page is drawn from before it is drawn: PDFBox unpacks streams to memory whole, and a
/// small one can unpack to gigabytes. What is measured is unpacked twice, which costs little beside drawing.
///
/// Sizes that only show when a stream is damaged are left to PDFBox.
final class StreamLimits {

    /// Of streams that are no pictures: content, fonts, colour profiles.
    private static final long MAX_STREAM_BYTES = 64L << 20;

    /// Four channels of 16 bits.
    private static final int MAX_BYTES_PER_PIXEL = 8;

    /// Of a picture beyond its pixels: row filters, padding.
    private static final long SLACK_BYTES = 1L << 20;

    /// A page of a large form has some ten thousand.
    private static final int MAX_OBJECTS = 500_000;

    /// Keys that lead away from the page, to other pages and to what is done with it.
    private static final Set<COSName> ELSEWHERE =
            Set.of(
                    COSName.PARENT,
                    COSName.P,
                    COSName.A,
                    COSName.AA,
                    COSName.DEST,
                    COSName.POPUP,
                    COSName.IRT,
                    COSName.B);

    private final String where;
    private final DocumentLimits limits;

    /// @param where what faults begin with
    StreamLimits(String where, DocumentLimits limits) {
        this.where = where;
        this.limits = limits;
    }

    String where() {
        return where;
    }

    /// @throws io.moonglass.loader.fault.InvalidRequestException if a stream is over its limit
    void check(COSDictionary page) throws IOException {
        Set<COSBase> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        ArrayDeque<COSBase> open = new ArrayDeque<>();
        open.push(page);
        while (!open.isEmpty()) {
            COSBase next = open.pop();
            COSBase value = next instanceof COSObject reference ? reference.getObject() : next;
            boolean holdsOthers = value instanceof COSDictionary || value instanceof COSArray;
            if (!holdsOthers || !seen.add(value)) {
                continue;
            }
            if (seen.size() > MAX_OBJECTS) {
                throw PdfFaults.tooLarge(
                        "%s: is made of more than %,d objects, the limit"
                                .formatted(where, MAX_OBJECTS));
            }
            if (value instanceof COSArray array) {
                array.forEach(item -> pushIfAny(open, item));
            } else if (value instanceof COSDictionary dictionary) {
                dictionary
                        .entrySet()
                        .forEach(entry -> {
                            if (!ELSEWHERE.contains(entry.getKey())) {
                                pushIfAny(open, entry.getValue());
                            }
                        });
            }
            if (value instanceof COSStream stream) {
                checkStream(stream);
            }
        }
    }

    private static void pushIfAny(ArrayDeque<COSBase> open, COSBase value) {
        if (value != null) {
            open.push(value);
        }
    }

    private void checkStream(COSStream stream) throws IOException {
        boolean isPicture = COSName.IMAGE.equals(stream.getCOSName(COSName.SUBTYPE));
        long maxBytes =
                isPicture
                        ? checkPicture(
                                stream.getLong(COSName.WIDTH), stream.getLong(COSName.HEIGHT))
                        : MAX_STREAM_BYTES;
        if (stream.hasData()) {
            try (InputStream packed = stream.createRawInputStream()) {
                measure(
                        packed,
                        filtersOf(stream, COSName.FILTER, COSName.FILTER),
                        stream,
                        maxBytes);
            }
        }
    }

    /// A picture that stands in the content itself, whose keys may be abbreviated.
    void checkInlinePicture(COSDictionary parameters, byte[] data) throws IOException {
        if (parameters == null || data == null) {
            return;
        }
        long maxBytes =
                checkPicture(
                        parameters.getInt(COSName.W, COSName.WIDTH, 0),
                        parameters.getInt(COSName.H, COSName.HEIGHT, 0));
        measure(
                new ByteArrayInputStream(data),
                filtersOf(parameters, COSName.F, COSName.FILTER),
                parameters,
                maxBytes);
    }

    /// @return the most bytes its pixels may be
    private long checkPicture(long width, long height) {
        // a division, because the product could wrap
        if (width > 0 && height > 0 && width > limits.maxPixels() / height) {
            throw PdfFaults.tooLarge(
                    "%s: holds a picture of %d x %d pixels, the limit is %,d in all"
                            .formatted(where, width, height, limits.maxPixels()));
        }
        return Math.max(0, width) * Math.max(0, height) * MAX_BYTES_PER_PIXEL + SLACK_BYTES;
    }

    private static List<COSName> filtersOf(COSDictionary stream, COSName key, COSName longKey) {
        COSBase filters = stream.getDictionaryObject(key, longKey);
        List<COSName> names = new ArrayList<>();
        if (filters instanceof COSName name) {
            names.add(name);
        } else if (filters instanceof COSArray array) {
            for (int i = 0; i < array.size(); i++) {
                if (array.getObject(i) instanceof COSName name) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    private void measure(
            InputStream packed, List<COSName> filters, COSDictionary parameters, long maxBytes) {
        InputStream in = packed;
        try {
            for (int i = 0; i < filters.size(); i++) {
                switch (filters.get(i).getName()) {
                    case "DCTDecode", "DCT" -> {
                        checkJpeg(in);
                        return;
                    }
                    case "CCITTFaxDecode", "CCF" -> {
                        checkFax(parameters);
                        return;
                    }
                    // left out when the page is drawn
                    case "JPXDecode", "JBIG2Decode" -> {
                        return;
                    }
                    default -> {
                        Filter filter = FilterFactory.INSTANCE.getFilter(filters.get(i));
                        boolean isLast = i == filters.size() - 1;
                        BoundedOutput out = new BoundedOutput(maxBytes, !isLast);
                        filter.decode(in, out, parameters, i);
                        in = out.toInput();
                    }
                }
            }
        } catch (OverLimitException e) {
            throw PdfFaults.tooLarge(
                    "%s: holds a stream that unpacks to more than %,d bytes, the limit"
                            .formatted(where, maxBytes));
        } catch (IOException e) {
            // damaged, or a filter that is not known: PDFBox makes of it what it can
        }
    }

    /// The size that counts is the one inside the JPEG, whatever the dictionary around it says.
    private void checkJpeg(InputStream in) throws IOException {
        ImageReader reader = Filter.findImageReader("JPEG", "");
        try (ImageInputStream bytes = new MemoryCacheImageInputStream(in)) {
            reader.setInput(bytes, true, true);
            checkPicture(reader.getWidth(0), reader.getHeight(0));
        } finally {
            reader.dispose();
        }
    }

    private void checkFax(COSDictionary stream) {
        COSBase found = stream.getDictionaryObject(COSName.DECODE_PARMS, COSName.DP);
        if (found instanceof COSArray array && array.size() > 0) {
            found = array.getObject(array.size() - 1);
        }
        if (found instanceof COSDictionary fax) {
            long rows =
                    Math.max(
                            fax.getLong(COSName.ROWS, 0),
                            stream.getInt(COSName.HEIGHT, COSName.H, 0));
            checkPicture(fax.getLong(COSName.COLUMNS, 1728), rows);
        }
    }

    private static final class OverLimitException extends IOException {}

    /// Counts what is written, and keeps it if another filter follows.
    private static final class BoundedOutput extends OutputStream {
        private final long maxBytes;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final boolean keeps;
        private long numBytes;

        BoundedOutput(long maxBytes, boolean keeps) {
            this.maxBytes = maxBytes;
            this.keeps = keeps;
        }

        @Override
        public void write(int value) throws IOException {
            count(1);
            if (keeps) {
                kept.write(value);
            }
        }

        @Override
        public void write(byte[] values, int offset, int length) throws IOException {
            count(length);
            if (keeps) {
                kept.write(values, offset, length);
            }
        }

        private void count(int more) throws OverLimitException {
            numBytes += more;
            if (numBytes > maxBytes) {
                throw new OverLimitException();
            }
        }

        InputStream toInput() {
            return new ByteArrayInputStream(kept.toByteArray());
        }
    }
}
