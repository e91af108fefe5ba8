package io.moonglass.loader.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VisionGraphTest {

    @TempDir private Path folder;

    @Test
    void every_vision_tensor_lies_beside_the_graph_in_float32_and_none_inside() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            GraphProto graph = graph(VisionGraph.write(checkpoint, folder, false));
            List<TensorProto> weights =
                    graph.getInitializerList().stream()
                            .filter(t -> t.getDataType() == TensorProto.DataType.FLOAT.getNumber())
                            .toList();
            ByteBuffer data =
                    ByteBuffer.wrap(Files.readAllBytes(folder.resolve("moonvit.onnx.data")))
                            .order(ByteOrder.LITTLE_ENDIAN);

            assertEquals(
                    checkpoint.tensors().stream()
                            .map(tensor -> tensor.name())
                            .filter(name -> !name.startsWith("language_model."))
                            .sorted()
                            .toList(),
                    weights.stream().map(TensorProto::getName).sorted().toList());
            for (TensorProto weight : weights) {
                assertEquals(TensorProto.DataLocation.EXTERNAL, weight.getDataLocation());
                assertEquals(0, weight.getRawData().size() + weight.getFloatDataCount());
                Map<String, String> where =
                        weight.getExternalDataList().stream()
                                .collect(
                                        Collectors.toMap(
                                                StringStringEntryProto::getKey,
                                                StringStringEntryProto::getValue));
                int offset = Integer.parseInt(where.get("offset"));
                float[] values = new float[Integer.parseInt(where.get("length")) / Float.BYTES];
                data.slice(offset, values.length * Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer()
                        .get(values);
                assertEquals("moonvit.onnx.data", where.get("location"));
                assertEquals(0, offset % 4096);
                assertArrayEquals(checkpoint.tensor(weight.getName()).floats(), values);
            }
        }
    }

    @Test
    void intermediate_outputs_are_there_only_when_asked_for() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            Path other = Files.createDirectory(folder.resolve("other"));
            GraphProto plain = graph(VisionGraph.write(checkpoint, folder, false));
            GraphProto telling = graph(VisionGraph.write(checkpoint, other, true));

            assertEquals(1, plain.getOutputCount());
            assertEquals("projected", plain.getOutput(0).getName());
            assertEquals(7, telling.getOutputCount());
            assertEquals("block.1", telling.getOutput(3).getName());
        }
    }

    @Test
    void a_tensor_that_config_json_makes_another_shape_is_refused_by_name() throws IOException {
        TestModels.copyOfTinyRandom(folder);
        change("config.json", "\"intermediate_size\": 96", "\"intermediate_size\": 100");
        ModelFormatException refusal = assertThrows(ModelFormatException.class, this::write);

        assertTrue(refusal.getMessage().contains("encoder.blocks.0.mlp.fc0.weight"));
        assertTrue(refusal.getMessage().contains("[100, 64]"));
    }

    @Test
    void a_missing_tensor_is_refused_by_name() throws IOException {
        TestModels.copyOfTinyRandom(folder);
        change("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
        ModelFormatException refusal = assertThrows(ModelFormatException.class, this::write);

        assertTrue(refusal.getMessage().contains("encoder.blocks.2.norm0.weight"));
    }

    @Test
    void a_text_only_checkpoint_has_no_graph() throws IOException {
        TestModels.copyOfTinyRandom(folder);
        String config = Files.readString(folder.resolve("config.json"));
        int text = config.indexOf("\"text_config\": {") + "\"text_config\": ".length();
        Files.writeString(
                folder.resolve("config.json"),
                config.substring(text, config.indexOf('}', text) + 1));
        assertThrows(ConfigException.class, this::write);
    }

    @Test
    void a_graph_is_not_written_over_another() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom())) {
            VisionGraph.write(checkpoint, folder, false);
            assertThrows(ConfigException.class, () -> VisionGraph.write(checkpoint, folder, false));
        }
    }

    private void write() throws IOException {
        Path graphs = Files.createDirectory(folder.resolve("graphs"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            VisionGraph.write(checkpoint, graphs, false);
        }
    }

    private void change(String file, String from, String to) throws IOException {
        Path path = folder.resolve(file);
        String before = Files.readString(path);
        assertTrue(before.contains(from));
        Files.writeString(path, before.replace(from, to));
    }

    private static GraphProto graph(Path file) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
    }
}
