import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import gov.nist.secauto.metaschema.core.configuration.DefaultConfiguration;
import gov.nist.secauto.metaschema.core.metapath.item.node.IDocumentNodeItem;
import gov.nist.secauto.metaschema.core.model.IModule;
import gov.nist.secauto.metaschema.core.model.constraint.ConstraintValidationFinding;
import gov.nist.secauto.metaschema.core.model.constraint.IConstraint;
import gov.nist.secauto.metaschema.core.model.validation.IValidationFinding;
import gov.nist.secauto.metaschema.core.model.validation.JsonSchemaContentValidator;
import gov.nist.secauto.metaschema.core.model.validation.XmlSchemaContentValidator;
import gov.nist.secauto.metaschema.databind.IBindingContext;
import gov.nist.secauto.metaschema.databind.io.DeserializationFeature;
import gov.nist.secauto.metaschema.databind.io.Format;
import gov.nist.secauto.metaschema.databind.io.IBoundLoader;
import gov.nist.secauto.metaschema.schemagen.ISchemaGenerator;
import gov.nist.secauto.oscal.lib.OscalBindingContext;
import gov.nist.secauto.oscal.lib.OscalVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.json.JSONObject;
import org.json.JSONTokener;

/**
 * Validates OSCAL JSON documents with NIST's metaschema engine, as oscal-cli's
 * "validate" does: first the JSON schema, then every metaschema constraint.
 *
 * <p>Usage: OscalValidate METASCHEMAS FILE...
 *
 * <p>METASCHEMAS holds one folder per OSCAL version with NIST's resolved
 * metaschema modules. Each document is checked twice: by the rules NIST
 * released for the version it declares ("metaschema"), compiled on the fly from
 * those modules, and by the rules that liboscal-java carries for its own
 * version ("liboscal"), which also follow the import chain. Nothing is read
 * from the network: an import that is not at hand is looked up by its file name
 * beside the documents given.
 */
public final class OscalValidate {
  private static final int SHOWN = 20;
  private static final String ROOT_MODULE = "oscal_complete_metaschema_RESOLVED.xml";

  private final Path metaschemas;
  private final Engine bundled = new Bundled();
  private final String bundledVersion;
  private final Map<String, Engine> engines = new HashMap<>();
  private final Map<String, Path> atHand = new HashMap<>();

  private OscalValidate(Path metaschemas, List<Path> files) throws IOException {
    this.metaschemas = metaschemas;
    this.bundledVersion = bundled.schema().getString("$id")
        .replaceFirst(".*oscal-complete-(.*)-schema\\.json$", "$1");
    for (Path file : files) {
      Path dir = file.toAbsolutePath().getParent();
      try (var list = Files.list(dir)) {
        list.filter(Files::isRegularFile)
            .forEach(p -> atHand.putIfAbsent(p.getFileName().toString(), p));
      }
    }
  }

  public static void main(String[] args) throws Exception {
    if (args.length < 2) {
      System.err.println("usage: OscalValidate METASCHEMAS FILE...");
      System.exit(2);
    }
    refuseNetwork();
    List<Path> files = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      files.add(Path.of(args[i]));
    }
    OscalValidate validate = new OscalValidate(Path.of(args[0]), files);
    System.out.println("info  liboscal    carries OSCAL " + validate.bundledVersion
        + ", commit " + new OscalVersion().getGitCommit().substring(0, 7));
    boolean ok = true;
    for (Path file : files) {
      ok &= validate.check(file);
    }
    System.exit(ok ? 0 : 1);
  }

  /** An address that is not a local file. */
  private static final class NotLocal extends IOException {
    private static final long serialVersionUID = 1L;

    NotLocal(URL url) {
      super("not fetched, only local files are read: " + url);
    }
  }

  /** Makes every attempt to open something other than a local file an error. */
  private static void refuseNetwork() {
    URL.setURLStreamHandlerFactory(scheme -> {
      if (!scheme.equals("http") && !scheme.equals("https") && !scheme.equals("ftp")) {
        return null;
      }
      return new URLStreamHandler() {
        @Override
        protected URLConnection openConnection(URL url) throws IOException {
          throw new NotLocal(url);
        }
      };
    });
  }

  /** Where to read an import from: itself, or a file of its name beside the documents. */
  private URI resolve(URI uri) {
    String path = uri.getPath();
    if (path == null || path.isEmpty()) {
      return uri;
    }
    if ("file".equals(uri.getScheme()) && Files.exists(Path.of(path))) {
      return uri;
    }
    Path beside = atHand.get(path.substring(path.lastIndexOf('/') + 1));
    return beside == null ? uri : beside.toUri();
  }

  private boolean check(Path file) {
    String declared;
    try {
      declared = Declared.version(file);
    } catch (IOException ex) {
      return line("FAIL", "metaschema", file, "not readable as an OSCAL document: " + messages(ex));
    }
    String version = nearest(declared);
    if (version == null) {
      return line("FAIL", "metaschema", file, "no metaschema modules for OSCAL " + declared);
    }
    String note = "OSCAL " + version + (version.equals(declared) ? "" : " for " + declared);
    boolean ok = run("metaschema", file, note, () -> engine(version));
    if (minor(declared).equals(minor(bundledVersion))) {
      ok &= run("liboscal  ", file, "OSCAL " + bundledVersion, () -> bundled);
    } else {
      line("skip", "liboscal  ", file, "declares OSCAL " + declared);
    }
    return ok;
  }

  private interface Source {
    Engine get() throws Exception;
  }

  private boolean run(String checker, Path file, String note, Source source) {
    try {
      Engine engine = source.get();
      URI uri = file.toAbsolutePath().toUri();
      List<IValidationFinding> findings = new ArrayList<>(engine.schemas()
          .validateWithSchema(uri, Format.JSON, engine.context()).getFindings());
      if (findings.stream().anyMatch(OscalValidate::isError)) {
        note += ", constraints not tried because the schema rejects it";
      } else {
        IBoundLoader loader = engine.context().newBoundLoader();
        loader.disableFeature(DeserializationFeature.DESERIALIZE_VALIDATE_CONSTRAINTS);
        loader.setUriResolver(this::resolve);
        IDocumentNodeItem document = loader.loadAsNodeItem(Format.JSON, uri);
        findings.addAll(engine.context()
            .validate(document, loader, new DefaultConfiguration<>()).getFindings());
      }
      return report(checker, file, note, findings);
    } catch (Exception | StackOverflowError | OutOfMemoryError ex) {
      for (Throwable t = ex; t != null; t = t.getCause()) {
        if (t instanceof NotLocal) {
          return line("skip", checker, file, note + ", an import is " + t.getMessage());
        }
      }
      String why = messages(ex);
      // A resource without a link is how a document says there is nothing to
      // import, such as an assessment plan of a system without a plan in OSCAL.
      boolean nothing = why.endsWith("does not have an rlink entry.");
      return line(nothing ? "skip" : "FAIL", checker, file, note + ", stopped by " + why);
    }
  }

  /** Drops the findings of a rule that nothing can meet, and says so. */
  private static String leaveOut(List<IValidationFinding> findings, String rule, String message) {
    int before = findings.size();
    findings.removeIf(f -> f.getMessage() != null && f.getMessage().contains(message));
    int left = before - findings.size();
    return left == 0 ? "" : ", left out " + left + " of a rule: " + rule;
  }

  private static boolean report(String checker, Path file, String note,
      List<IValidationFinding> all) {
    List<IValidationFinding> findings = new ArrayList<>(all);
    // The models the document is not meant to be all fail at its root; the
    // findings inside it say what is wrong.
    if (findings.stream().anyMatch(f -> !atRoot(f))) {
      findings.removeIf(OscalValidate::atRoot);
    }
    note += leaveOut(findings, "has-oscal-namespace of a field, which this engine cannot evaluate",
        "Unable to execute function 'fn:has-oscal-namespace(");
    note += leaveOut(findings, "SHA-256 of 32 digits, which OSCAL 1.1.3 mended to 64",
        "did not match the pattern '^[0-9a-fA-F]{32}$'");
    Map<IConstraint.Level, Integer> counts = new TreeMap<>();
    findings.forEach(f -> counts.merge(f.getSeverity(), 1, Integer::sum));
    boolean ok = findings.stream().noneMatch(OscalValidate::isError);
    StringBuilder detail = new StringBuilder(note);
    counts.forEach((level, n) -> detail.append(", ").append(n).append(' ').append(level));
    line(ok ? "ok" : "FAIL", checker, file, detail.toString());
    findings.sort(Comparator.comparing(IValidationFinding::getSeverity).reversed());
    for (IValidationFinding f : findings.subList(0, Math.min(SHOWN, findings.size()))) {
      System.out.println("      " + f.getSeverity() + "  " + identity(f) + "  " + f.getPath()
          + "  " + oneLine(f.getMessage()));
    }
    if (findings.size() > SHOWN) {
      System.out.println("      … and " + (findings.size() - SHOWN) + " more");
    }
    return ok;
  }

  private static boolean line(String verdict, String checker, Path file, String detail) {
    System.out.printf("%-4s  %s  %s  %s%n", verdict, checker, file, detail);
    return !verdict.equals("FAIL");
  }

  private static boolean isError(IValidationFinding f) {
    return f.getSeverity().compareTo(IConstraint.Level.ERROR) >= 0;
  }

  private static boolean atRoot(IValidationFinding f) {
    return !(f instanceof ConstraintValidationFinding) && "#".equals(f.getPath());
  }

  /** Names the constraints behind a finding; the schema's findings have none. */
  private static String identity(IValidationFinding finding) {
    if (!(finding instanceof ConstraintValidationFinding)) {
      return "json-schema";
    }
    List<String> ids = new ArrayList<>();
    for (IConstraint c : ((ConstraintValidationFinding) finding).getConstraints()) {
      ids.add(c.getId() == null ? "(" + c.getType() + " without id)" : c.getId());
    }
    return String.join("|", ids);
  }

  /**
   * What went wrong in the end. A message of the engine begins with the whole
   * expression it was evaluating, the error code after it says what happened.
   */
  private static String messages(Throwable ex) {
    Throwable cause = ex;
    while (cause.getCause() != null && cause.getCause().getMessage() != null
        && cause.getClass() == cause.getCause().getClass()) {
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage());
    Matcher coded = Pattern.compile("\\b[A-Z]{4}\\d{4}: .*", Pattern.DOTALL).matcher(message);
    return oneLine(cause.getClass().getSimpleName() + ": "
        + (coded.find() ? coded.group() : message));
  }

  private static String oneLine(String s) {
    return s == null ? "" : s.replaceAll("\\s+", " ");
  }

  private Path module(String version) {
    return metaschemas.resolve(version).resolve(ROOT_MODULE);
  }

  /** The version to check by: the declared one or the closest below it of the same minor line. */
  private String nearest(String declared) {
    if (!declared.matches("\\d+\\.\\d+\\.\\d{1,3}([-+].*)?")) {
      return null;
    }
    if (Files.exists(module(declared))) {
      return declared;
    }
    int patch = Integer.parseInt(declared.split("[.+-]")[2]);
    for (int i = patch - 1; i >= 0; i--) {
      String version = minor(declared) + "." + i;
      if (Files.exists(module(version))) {
        return version;
      }
    }
    return null;
  }

  private static String minor(String version) {
    String[] part = version.split("[.+-]");
    return part.length < 2 ? version : part[0] + "." + part[1];
  }

  private Engine engine(String version) throws Exception {
    Engine engine = engines.get(version);
    if (engine == null) {
      engine = new Compiled(module(version));
      engines.put(version, engine);
    }
    return engine;
  }

  /** A binding context and the JSON schema that goes with it. */
  private abstract static class Engine {
    private IBindingContext.ISchemaValidationProvider schemas;

    abstract IBindingContext context();

    abstract JSONObject schema() throws IOException;

    IBindingContext.ISchemaValidationProvider schemas() throws IOException {
      if (schemas == null) {
        JsonSchemaContentValidator json = new JsonSchemaContentValidator(schema());
        schemas = new IBindingContext.ISchemaValidationProvider() {
          @Override
          public JsonSchemaContentValidator getJsonSchema(JSONObject doc, IBindingContext ctx) {
            return json;
          }

          @Override
          public XmlSchemaContentValidator getXmlSchemas(URL url, IBindingContext ctx) {
            throw new UnsupportedOperationException("only JSON is checked");
          }
        };
      }
      return schemas;
    }
  }

  /** The classes and the schema that liboscal-java carries. */
  private static final class Bundled extends Engine {
    @Override
    IBindingContext context() {
      return OscalBindingContext.instance();
    }

    @Override
    JSONObject schema() throws IOException {
      try (InputStream in = OscalBindingContext.class
          .getResourceAsStream("/schema/json/oscal-complete_schema.json")) {
        return new JSONObject(new JSONTokener(in));
      }
    }
  }

  /** Classes and schema made from NIST's metaschema modules of one version. */
  private static final class Compiled extends Engine {
    private final IBindingContext context;
    private final IModule module;

    Compiled(Path root) throws Exception {
      Path classes = Files.createTempDirectory("oscal-check");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(classes)));
      context = IBindingContext.builder().compilePath(classes).build();
      module = context.loadMetaschema(root);
      context.registerModule(module);
    }

    @Override
    IBindingContext context() {
      return context;
    }

    @Override
    JSONObject schema() throws IOException {
      StringWriter out = new StringWriter();
      ISchemaGenerator.generateSchema(module, out, ISchemaGenerator.SchemaFormat.JSON,
          new DefaultConfiguration<>());
      return new JSONObject(new JSONTokener(out.toString()));
    }

    private static void delete(Path dir) {
      try (var paths = Files.walk(dir)) {
        paths.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
      } catch (IOException ex) {
        System.err.println("left behind: " + dir);
      }
    }
  }

  /** The version a document declares, read without loading the document. */
  private static final class Declared {
    private Declared() {}

    static String version(Path file) throws IOException {
      try (InputStream in = Files.newInputStream(file);
          JsonParser p = new JsonFactory().createParser(in)) {
        if (p.nextToken() != JsonToken.START_OBJECT) {
          throw new IOException("not a JSON object");
        }
        while (p.nextToken() == JsonToken.FIELD_NAME) {
          JsonToken value = p.nextToken();
          if (value != JsonToken.START_OBJECT) {
            p.skipChildren();
            continue;
          }
          String v = inRoot(p);
          if (v != null) {
            return v;
          }
        }
        throw new IOException("no metadata.oscal-version");
      }
    }

    private static String inRoot(JsonParser p) throws IOException {
      while (p.nextToken() == JsonToken.FIELD_NAME) {
        String name = p.currentName();
        JsonToken value = p.nextToken();
        if (!name.equals("metadata") || value != JsonToken.START_OBJECT) {
          p.skipChildren();
          continue;
        }
        while (p.nextToken() == JsonToken.FIELD_NAME) {
          String key = p.currentName();
          JsonToken v = p.nextToken();
          if (key.equals("oscal-version") && v == JsonToken.VALUE_STRING) {
            return p.getText();
          }
          p.skipChildren();
        }
      }
      return null;
    }
  }
}
