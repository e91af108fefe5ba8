package io.moonglass.loader.gguf;

import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelName;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A checkpoint's decoder and tokenizer as keys and tensors of a GGUF file.
final class DecoderWriter {

    private static final Pattern FIRST_EXPERT =
            Pattern.compile(
                    "model\\.layers\\.(\\d+)\\.mlp\\.experts\\.0\\.(gate|up|down)_proj\\.weight");
    private static final Pattern LATENTS =
            Pattern.compile("model\\.layers\\.(\\d+)\\.self_attn\\.kv_b_proj\\.weight");

    private final Checkpoint checkpoint;
    private final TextConfig text;
    private final String prefix;

    /// @throws ConfigException if the checkpoint has a setting that GGUF has no key for
    DecoderWriter(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.text = checkpoint.config().text();
        this.prefix = checkpoint.config().languagePrefix();
        if (text.moeLayerFrequency() != 1) {
            throw new ConfigException(
                    "config.json: moe_layer_freq is %d; GGUF has no key for other than 1"
                            .formatted(text.moeLayerFrequency()));
        }
    }

    /// @return what there is no key for, a line each
    List<String> writeKeys(GgufWriter.Builder file) throws IOException {
        file.string("general.architecture", DecoderKeys.ARCHITECTURE);
        file.string("general.type", "model");
        file.string("general.name", ModelName.of(checkpoint.directory()));
        GenerationConfig generation = GenerationConfig.read(checkpoint.directory());
        writeSampling(file, generation);
        writeSizes(file);
        writeExperts(file);
        Tokenizer tokenizer = Tokenizer.read(checkpoint.directory());
        TokenizerConfig names = TokenizerConfig.read(checkpoint.directory());
        List<Integer> lost =
                new VocabularyWriter(tokenizer, names, text.vocabSize())
                        .writeKeys(file, generation.eosTokenIds());
        template(names).ifPresent(template -> file.string("tokenizer.chat_template", template));
        return lost.stream()
                .map(id ->
                        "generation_config.json: eos_token_id %d is left out: GGUF has keys for three special tokens that end an answer"
                                .formatted(id))
                .toList();
    }

    /// A temperature of 0 takes the most likely token.
    private static void writeSampling(GgufWriter.Builder file, GenerationConfig generation) {
        file.float32(SamplingKeys.TEMPERATURE, (float) generation.samplingTemperature());
        file.float32(SamplingKeys.TOP_P, (float) generation.topP());
        file.int32(SamplingKeys.TOP_K, generation.topK());
        if (generation.repetitionPenalty() != 1) {
            file.float32(SamplingKeys.PENALTY, (float) generation.repetitionPenalty());
            file.int32(SamplingKeys.PENALTY_REACH, -1);
        }
    }

    private void writeSizes(GgufWriter.Builder file) {
        file.uint32(key("vocab_size"), text.vocabSize());
        file.uint32(key("block_count"), text.numLayers());
        file.uint32(key("context_length"), text.maxPositionEmbeddings());
        file.uint32(key("embedding_length"), text.hiddenSize());
        file.uint32(key("feed_forward_length"), text.intermediateSize());
        file.uint32(key("attention.head_count"), text.numHeads());
        file.uint32(key("attention.head_count_kv"), 1); // all heads share the latents
        file.float32(key("attention.layer_norm_rms_epsilon"), text.rmsNormEps());
        file.uint32(key("attention.kv_lora_rank"), text.kvLoraRank());
        file.uint32(key("attention.key_length"), text.cacheRowSize());
        file.uint32(key("attention.value_length"), text.kvLoraRank());
        file.uint32(key("attention.key_length_mla"), text.qkHeadDim());
        file.uint32(key("attention.value_length_mla"), text.vHeadDim());
        file.uint32(key("rope.dimension_count"), text.qkRopeHeadDim());
        file.float32(key("rope.freq_base"), (float) text.ropeTheta());
    }

    private void writeExperts(GgufWriter.Builder file) {
        file.uint32(key("leading_dense_block_count"), text.firstDenseLayers());
        file.uint32(key("expert_count"), text.numExperts());
        file.uint32(key("expert_used_count"), text.numExpertsPerToken());
        file.uint32(key("expert_shared_count"), text.numSharedExperts());
        file.uint32(key("expert_feed_forward_length"), text.moeIntermediateSize());
        file.float32(key("expert_weights_scale"), text.routedScalingFactor());
        file.bool(key("expert_weights_norm"), text.normalizeTopK());
        file.uint32(key("expert_gating_func"), DecoderKeys.SIGMOID);
        if (text.numExpertGroups() > 1) {
            file.uint32(key("expert_group_count"), text.numExpertGroups());
            file.uint32(key("expert_group_used_count"), text.numChosenGroups());
        }
    }

    /// In the order in which they are computed with.
    List<RowsToWrite> tensors() {
        List<RowsToWrite> tensors = new ArrayList<>();
        TensorShapes.forEach(
                checkpoint.config(),
                (name, shape) -> {
                    if (TensorNames.isVision(name)) {
                        return;
                    }
                    String own = name.substring(prefix.length());
                    Matcher expert = FIRST_EXPERT.matcher(own);
                    Matcher latents = LATENTS.matcher(own);
                    if (expert.matches()) {
                        tensors.add(experts("blk." + expert.group(1) + ".", own, shape));
                    } else if (latents.matches()) {
                        addLatents("blk." + latents.group(1) + ".", tensor(name, shape), tensors);
                    } else {
                        TensorNames.decoder(own)
                                .ifPresent(stored ->
                                        tensors.add(RowsToWrite.of(stored, tensor(name, shape))));
                    }
                });
        return tensors;
    }

    /// All experts of a layer, one after the other.
    private RowsToWrite experts(String block, String first, long[] shape) {
        String part = first.replaceAll(".*\\.(gate|up|down)_proj\\.weight", "$1");
        List<StoredTensor> experts = new ArrayList<>();
        for (int expert = 0; expert < text.numExperts(); expert++) {
            String name = first.replace(".experts.0.", ".experts." + expert + ".");
            experts.add(tensor(prefix + name, shape));
        }
        int numRows = Math.toIntExact(shape[0]);
        int length = Math.toIntExact(shape[1]);
        return new RowsToWrite(
                block + "ffn_" + part + "_exps.weight",
                new long[] {experts.size(), numRows, length},
                (row, into, at) ->
                        experts.get((int) (row / numRows))
                                .read(row % numRows * length, length, into, at));
    }

    /// Of each head the keys' part, transposed, and the values' part.
    private void addLatents(String block, StoredTensor joined, List<RowsToWrite> tensors) {
        int nope = text.qkNopeHeadDim();
        int vHeadDim = text.vHeadDim();
        int rank = text.kvLoraRank();
        long headSize = (long) (nope + vHeadDim) * rank;
        tensors.add(
                new RowsToWrite(
                        block + "attn_k_b.weight",
                        new long[] {text.numHeads(), rank, nope},
                        (row, into, at) -> {
                            long first = row / rank * headSize + row % rank;
                            for (int i = 0; i < nope; i++) {
                                into[at + i] = joined.element(first + (long) i * rank);
                            }
                        }));
        tensors.add(
                new RowsToWrite(
                        block + "attn_v_b.weight",
                        new long[] {text.numHeads(), vHeadDim, rank},
                        (row, into, at) -> {
                            long first = row / vHeadDim * headSize + (long) nope * rank;
                            joined.read(first + row % vHeadDim * rank, rank, into, at);
                        }));
    }

    private StoredTensor tensor(String name, long[] shape) {
        StoredTensor tensor = checkpoint.tensor(name);
        tensor.checkShape(shape);
        return tensor;
    }

    private Optional<String> template(TokenizerConfig names) throws IOException {
        Path file = checkpoint.directory().resolve("chat_template.jinja");
        return Files.exists(file) ? Optional.of(Files.readString(file)) : names.chatTemplate();
    }

    private static String key(String name) {
        return DecoderKeys.ARCHITECTURE + "." + name;
    }
}
