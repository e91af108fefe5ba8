package io.moonglass.loader.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.PanelMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A graph's weights as ONNX *external data*: one file beside the graph, float32, little-endian.
/// Tensors are widened while they stream through a small buffer; none is ever whole on the heap.
final class WeightFile implements AutoCloseable {

    /// What the ONNX specification recommends, so that a runtime can map each tensor.
    private static final long ALIGNMENT = 4096;

    private static final int CHUNK_FLOATS = 1 << 18;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String location;
    private final FileChannel channel;
    private final ByteBuffer chunk =
            ByteBuffer.allocateDirect(CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long end;

    WeightFile(Path file) throws IOException {
        location = file.getFileName().toString();
        channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /// Appends a checkpoint's tensor and describes where it lies.
    ///
    /// @param dimensions the shape in the graph; as many elements as the stored one has
    TensorProto append(StoredTensor tensor, long... dimensions) throws IOException {
        long offset = begin();
        long size = tensor.size();
        for (long from = 0; from < size; from += CHUNK_FLOATS) {
            widen(tensor, from, (int) Math.min(CHUNK_FLOATS, size - from));
            writeChunk();
        }
        return describe(tensor.name(), offset, dimensions);
    }

    /// The same for a quantised matrix, in the shape that it has.
    TensorProto append(String name, PanelMatrix panels) throws IOException {
        long offset = begin();
        float[] row = new float[panels.numColumns()];
        for (int i = 0; i < panels.numRows(); i++) {
            panels.widenRow(i, row, 0);
            for (int from = 0; from < row.length; from += CHUNK_FLOATS) {
                chunk.clear();
                int count = Math.min(CHUNK_FLOATS, row.length - from);
                chunk.asFloatBuffer().put(row, from, count);
                chunk.limit(count * Float.BYTES);
                writeChunk();
            }
        }
        return describe(name, offset, panels.numRows(), panels.numColumns());
    }

    private long begin() {
        end = Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT;
        return end;
    }

    private void writeChunk() throws IOException {
        while (chunk.hasRemaining()) {
            end += channel.write(chunk, end);
        }
    }

    private TensorProto describe(String name, long offset, long... dimensions) {
        TensorProto.Builder proto =
                TensorProto.newBuilder()
                        .setName(name)
                        .setDataType(TensorProto.DataType.FLOAT.getNumber())
                        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                        .addExternalData(entry("location", location))
                        .addExternalData(entry("offset", Long.toString(offset)))
                        .addExternalData(entry("length", Long.toString(end - offset)));
        for (long dimension : dimensions) {
            proto.addDims(dimension);
        }
        return proto.build();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void widen(StoredTensor tensor, long from, int count) {
        MemorySegment data = tensor.data();
        chunk.clear();
        switch (tensor.weightType()) {
            case F32 -> {
                for (long i = from; i < from + count; i++) {
                    chunk.putFloat(data.get(FLOAT, i * Float.BYTES));
                }
            }
            case BF16 -> {
                for (long i = from; i < from + count; i++) {
                    chunk.putInt(data.get(SHORT, i * Short.BYTES) << 16);
                }
            }
        }
        chunk.flip();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
