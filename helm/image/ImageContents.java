import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// What of the libraries goes where in the image: jars without native libraries, the platform's native libraries
/// unpacked, licences, the class path, and one bill of materials for jars, Debian packages and the JDK. Run by `build`,
/// with Jackson from the libraries on the class path; the same input gives the same bytes.
final class ImageContents {

    /// Where all of it lies in the image.
    private static final String HOME = "/opt/moonglass";

    private static final String DOCUMENTS = "/usr/share/doc/moonglass";

    private static final Pattern NATIVE =
            Pattern.compile(".*(\\.so(\\.[0-9.]+)?|\\.dylib|\\.jnilib|\\.dll|\\.a|\\.dSYM/.*)");

    private static final Pattern LICENCE =
            Pattern.compile(
                    "(?i)(META-INF/)?([^/]*/)?((LICEN[CS]E|NOTICE|COPYING|COPYRIGHT|AL2|LGPL|EPL|DEPENDENCIES)[^/]*|ThirdPartyNotices[^/]*)");

    /// In jars of Bytedeco, and loaded by nothing of ours: what OpenCV and FFmpeg can do beside decoding.
    private static final Pattern UNUSED =
            Pattern.compile(
                    "libjniopenblas_full\\.so|lib(jni)?av(filter|device)\\.so.*"
                            + "|lib(jni)?opencv_(?!core|imgproc|imgcodecs).*|cv2\\..*");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path root;
    private final List<String> folders;
    private final List<String> classPath = new ArrayList<>();

    private ImageContents(Path root, List<String> folders) {
        this.root = root;
        this.folders = folders;
    }

    /// @param arguments the image's root, the program's jar, the folder of libraries, its bill of materials, the folder
    ///                  with a control file of each Debian package, the platform's suffix of jars, and the folders in jars
    ///                  whose native libraries are the platform's
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        String platform = arguments[5];
        ImageContents contents =
                new ImageContents(root, List.of(arguments).subList(6, arguments.length));
        contents.take(Path.of(arguments[1]), false);
        try (Stream<Path> jars = Files.list(Path.of(arguments[2]))) {
            for (Path jar : jars.sorted().toList()) {
                contents.take(jar, jar.getFileName().toString().endsWith("-" + platform + ".jar"));
            }
        }
        contents.nameAsTheLoaderDoes();
        Files.writeString(
                root.resolve("." + HOME + "/class-path.options"),
                "-cp\n" + String.join(":", contents.classPath) + "\n");
        contents.writeBillOfMaterials(Path.of(arguments[3]), Path.of(arguments[4]));
    }

    /// @param onlyNative a jar that holds a platform's native libraries and nothing that is loaded from it as a class
    private void take(Path jar, boolean onlyNative) throws IOException {
        String name = jar.getFileName().toString();
        Map<String, byte[]> kept = new LinkedHashMap<>();
        boolean hasNative = false;
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                boolean isNative = NATIVE.matcher(entry.getName()).matches();
                hasNative |= isNative;
                byte[] bytes = read(zip, entry);
                if (isNative) {
                    unpack(entry.getName(), bytes);
                } else if (!entry.isDirectory()) {
                    kept.put(entry.getName(), bytes);
                    copyLicence(name, entry.getName(), bytes);
                }
            }
        }
        if (onlyNative) {
            return;
        }
        Path target = Files.createDirectories(root.resolve("." + HOME + "/lib")).resolve(name);
        classPath.add(HOME + "/lib/" + name);
        if (hasNative) {
            write(kept, target);
        } else {
            Files.copy(jar, target);
        }
    }

    private static byte[] read(ZipFile zip, ZipEntry entry) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    private void unpack(String entry, byte[] bytes) throws IOException {
        int slash = entry.lastIndexOf('/');
        String file = entry.substring(slash + 1);
        boolean ours = slash > 0 && folders.contains(entry.substring(0, slash));
        if (!ours || file.endsWith(".a") || UNUSED.matcher(file).matches()) {
            return;
        }
        Path target = Files.createDirectories(root.resolve("." + HOME + "/native")).resolve(file);
        if (Files.exists(target) && !Arrays.equals(Files.readAllBytes(target), bytes)) {
            throw new IllegalStateException(
                    "two libraries %s that differ; want one folder for each".formatted(file));
        }
        Files.write(target, bytes);
    }

    /// OpenCV was linked with OpenBLAS under another name, for which JavaCPP would make a link beside it.
    private void nameAsTheLoaderDoes() throws IOException {
        Files.createSymbolicLink(
                root.resolve("." + HOME + "/native/libopenblas_nolapack.so.0"),
                Path.of("libopenblas.so.0"));
    }

    private void copyLicence(String jar, String entry, byte[] bytes) throws IOException {
        if (!LICENCE.matcher(entry).matches() || entry.endsWith(".class")) {
            return;
        }
        Path folder =
                root.resolve("." + DOCUMENTS + "/libraries").resolve(jar.replaceFirst("\\.jar$", ""));
        Path target = folder.resolve(entry.substring(entry.lastIndexOf('/') + 1));
        Files.createDirectories(folder);
        Files.write(target, bytes);
    }

    private static void write(Map<String, byte[]> entries, Path jar) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(jar));
                ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                header.setTimeLocal(java.time.LocalDateTime.of(2026, 1, 1, 0, 0));
                zip.putNextEntry(header);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
    }

    // --- The bill of materials ---

    private void writeBillOfMaterials(Path libraries, Path controls) throws IOException {
        ObjectNode bill = (ObjectNode) JSON.readTree(libraries.toFile());
        ArrayNode components = bill.withArray("components");
        for (JsonNode component : components) {
            // their parent's pom, which the plugin does not read, names it
            if (component.path("group").asText().startsWith("com.hubspot")
                    && component.path("licenses").isEmpty()) {
                ((ObjectNode) component)
                        .putArray("licenses")
                        .addObject()
                        .putObject("license")
                        .put("id", "Apache-2.0");
            }
        }
        try (Stream<Path> files = Files.list(controls)) {
            for (Path control : files.sorted().toList()) {
                components.add(debianPackage(control));
            }
        }
        components.add(javaRuntime());
        DefaultPrettyPrinter printer =
                new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
        Path target = root.resolve("." + DOCUMENTS + "/sbom.cdx.json");
        Files.createDirectories(target.getParent());
        Files.writeString(target, JSON.writer(printer).writeValueAsString(bill) + "\n");
    }

    private static ObjectNode debianPackage(Path control) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : Files.readAllLines(control)) {
            int colon = line.indexOf(':');
            if (colon > 0 && !line.startsWith(" ")) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        String name = fields.get("Package");
        String version = fields.get("Version");
        String address =
                "pkg:deb/debian/%s@%s?arch=%s&distro=debian"
                        .formatted(
                                name,
                                version.replace(":", "%3A").replace("+", "%2B"),
                                fields.get("Architecture"));
        ObjectNode component =
                JSON.createObjectNode()
                        .put("type", "library")
                        .put("bom-ref", address)
                        .put("name", name)
                        .put("version", version)
                        .put("description", fields.getOrDefault("Description", ""));
        component
                .putArray("licenses")
                .addObject()
                .putObject("license")
                .put("name", "/usr/share/doc/%s/copyright".formatted(name));
        return component.put("purl", address);
    }

    private ObjectNode javaRuntime() throws IOException {
        Properties release = new Properties();
        try (InputStream in = Files.newInputStream(root.resolve("." + HOME + "/runtime/release"))) {
            release.load(in);
        }
        String version = release.getProperty("JAVA_VERSION").replace("\"", "");
        ObjectNode component =
                JSON.createObjectNode()
                        .put("type", "platform")
                        .put("bom-ref", "openjdk-" + version)
                        .put("name", "OpenJDK")
                        .put("version", version)
                        .put("description", "the modules that " + HOME + "/runtime/release names");
        component
                .putArray("licenses")
                .addObject()
                .put("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
        return component;
    }
}
