package io.moonglass.loader.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// An ONNX graph under construction. Every method that adds a node returns its output's name.
final class GraphBuilder {

    /// ONNX Runtime's own operators.
    static final String MICROSOFT = "com.microsoft";

    private static final int OPSET = 20;
    private static final int IR_VERSION = 9;

    private final GraphProto.Builder graph;

    GraphBuilder(String name) {
        graph = GraphProto.newBuilder().setName(name);
    }

    /// Adds a float input.
    ///
    /// @param dimensions a number, or a name for a size that differs from call to call
    String input(String name, Object... dimensions) {
        graph.addInput(floatValue(name, dimensions));
        return name;
    }

    void output(String name, Object... dimensions) {
        graph.addOutput(floatValue(name, dimensions));
    }

    String weight(TensorProto tensor) {
        graph.addInitializer(tensor);
        return tensor.getName();
    }

    /// A constant list of integers: a shape, a list of axes.
    String integers(long... values) {
        String name = "integers." + Arrays.toString(values);
        boolean known = graph.getInitializerList().stream().anyMatch(t -> t.getName().equals(name));
        if (!known) {
            TensorProto.Builder tensor =
                    TensorProto.newBuilder()
                            .setName(name)
                            .setDataType(TensorProto.DataType.INT64.getNumber())
                            .addDims(values.length);
            for (long value : values) {
                tensor.addInt64Data(value);
            }
            graph.addInitializer(tensor);
        }
        return name;
    }

    /// Adds a node with one output of the given name.
    String node(String output, String operator, List<AttributeProto> attributes, String... inputs) {
        return add("", List.of(output), operator, attributes, inputs);
    }

    String node(String output, String operator, String... inputs) {
        return node(output, operator, List.of(), inputs);
    }

    /// Adds a node of ONNX Runtime's own domain.
    String microsoft(
            String output, String operator, List<AttributeProto> attributes, String... inputs) {
        return add(MICROSOFT, List.of(output), operator, attributes, inputs);
    }

    void nodes(
            List<String> outputs,
            String operator,
            List<AttributeProto> attributes,
            String... inputs) {
        add("", outputs, operator, attributes, inputs);
    }

    static AttributeProto attribute(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    static AttributeProto attribute(String name, float value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build();
    }

    static AttributeProto attribute(String name, String value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFrom(value, StandardCharsets.UTF_8))
                .build();
    }

    static AttributeProto attribute(String name, List<Long> values) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INTS)
                .addAllInts(values)
                .build();
    }

    ModelProto build() {
        return ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .setProducerName("moonglass")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(MICROSOFT).setVersion(1))
                .setGraph(graph)
                .build();
    }

    private String add(
            String domain,
            List<String> outputs,
            String operator,
            List<AttributeProto> attributes,
            String... inputs) {
        graph.addNode(
                NodeProto.newBuilder()
                        .setName(outputs.getFirst())
                        .setDomain(domain)
                        .setOpType(operator)
                        .addAllInput(List.of(inputs))
                        .addAllOutput(outputs)
                        .addAllAttribute(attributes));
        return outputs.getFirst();
    }

    private static ValueInfoProto floatValue(String name, Object... dimensions) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dimension : dimensions) {
            TensorShapeProto.Dimension.Builder one = TensorShapeProto.Dimension.newBuilder();
            shape.addDim(
                    dimension instanceof Integer size
                            ? one.setDimValue(size)
                            : one.setDimParam(dimension.toString()));
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(
                        TypeProto.newBuilder()
                                .setTensorType(
                                        TypeProto.Tensor.newBuilder()
                                                .setElemType(TensorProto.DataType.FLOAT.getNumber())
                                                .setShape(shape)))
                .build();
    }
}
