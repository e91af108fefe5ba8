package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufPair;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackReport;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass pack`: a model in the form in which it runs, or in which other engines load it.
@Command(
        name = "pack",
        description = {
            "Pack a model: quantised and in the order in which it is computed with.",
            "The new folder is a model like any other, a third of the size or less, and starts at once.",
            "From GGUF, blocks that fit go over bit for bit; of others, what they lose is printed."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass pack --model kimi-vl --weights q4 --out packed",
            "  moonglass pack --model q4_0.gguf --mmproj mmproj-f16.gguf --out packed",
            "  moonglass pack --model kimi-vl --to gguf --weights q8 --out pair"
        })
final class PackCommand implements Callable<Integer> {

    /// What is written.
    enum Form {
        PACKED,
        GGUF
    }

    /// The spellings of forms.
    static final class FormConverter extends LowerCaseConverter<Form> {
        FormConverter() {
            super(Form.values());
        }
    }

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description =
                    "The checkpoint, a folder in Hugging Face layout or the ORG/NAME of one that was pulled, or the file of a decoder in GGUF (then --weights is keep where it is left out).")
    private String model;

    @Mixin private VisionFileOption visionFile;

    @Option(
            names = "--to",
            paramLabel = "FORM",
            description =
                    "packed, a folder for this program, or gguf: decoder.gguf and mmproj.gguf for any, from a checkpoint, in f32, bf16, q8 or q4 (default: packed).",
            converter = FormConverter.class)
    private Form form = Form.PACKED;

    @Mixin private PackTarget target;

    @Override
    public Integer call() {
        ModelFiles files = visionFile.of(ModelPath.of(model));
        try (PackingProgress progress = new PackingProgress(spec.commandLine().getErr())) {
            switch (form) {
                case PACKED -> pack(files, progress);
                case GGUF -> writeGguf(files, progress);
            }
        }
        return 0;
    }

    private void pack(ModelFiles files, PackingProgress progress) {
        WeightFormats formats =
                switch (files) {
                    case ModelFiles.Folder _ -> target.weights();
                    case ModelFiles.Gguf _ -> target.weightsOr(WeightFormat.KEEP);
                };
        PackReport report =
                PackedModels.pack(
                        files, formats, target.directory(), target.numThreads(), progress);
        target.tell(
                formats,
                new ModelFiles.Folder(target.directory()),
                report,
                spec.commandLine().getOut());
    }

    private void writeGguf(ModelFiles files, PackingProgress progress) {
        if (!(files instanceof ModelFiles.Folder(var directory))) {
            throw new ConfigException(
                    "--to gguf: --model %s is in GGUF already; name a checkpoint"
                            .formatted(files.path()));
        }
        if (target.hasVisionWeights()) {
            throw new ConfigException(
                    "--vision-weights: goes with --to packed; leave it out: the vision part gets 8 bits where the decoder gets 4");
        }
        GgmlType type =
                switch (target.weights().decoder()) {
                    case F32 -> GgmlType.F32;
                    case BF16 -> GgmlType.BF16;
                    case Q8 -> GgmlType.Q8_0;
                    case Q4 -> GgmlType.Q4_0;
                    case KEEP ->
                            throw new ConfigException(
                                    "--weights keep: --to gguf wants f32, bf16, q8 or q4");
                };
        GgufPair.write(directory, type, target.directory(), target.numThreads(), progress);
        ModelFiles pair =
                new ModelFiles.Gguf(
                        target.directory().resolve(GgufPair.DECODER),
                        Optional.of(target.directory().resolve(GgufPair.VISION)));
        target.tell(target.weights(), pair, PackReport.EMPTY, spec.commandLine().getOut());
    }
}
