package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import dev.psc.scrape.kubernetes.KubeObject.Meta;
import java.io.IOException;
import java.util.Map;

/** A parser of metadata; a part of {@link ObjectParser}. */
final class MetaReader {

  /**
   * A copy of the whole object that kubectl leaves in an annotation: up to 256 kB each, useless as
   * a label.
   */
  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  private final Interner interner;
  private String resourceVersion = "";

  MetaReader(Interner interner) {
    this.interner = interner;
  }

  Interner interner() {
    return interner;
  }

  /** Forgets the version of the object before. */
  void begin() {
    resourceVersion = "";
  }

  /**
   * Returns the version of the object that was read last. It is not part of the object, since it
   * changes with any edit.
   */
  String resourceVersion() {
    return resourceVersion;
  }

  /** Reads a text that many objects share. */
  String text(JsonReader in) throws IOException {
    return interner.intern(in.nextString());
  }

  /** Reads a condition; returns its type and its status. */
  String[] condition(JsonReader in) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "type" -> texts[0] = text(in);
            case "status" -> texts[1] = text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    return texts;
  }

  /** The fields read so far. */
  static final class Builder {
    private String namespace = "";
    String name = "";
    String uid = "";
    Map<String, String> labels = Map.of();
    Map<String, String> annotations = Map.of();
    String controllerKind = "";
    String controllerName = "";
    boolean deleting;

    Meta build() {
      return new Meta(
          namespace, name, uid, labels, annotations, controllerKind, controllerName, deleting);
    }
  }

  /** Reads a field if it is the metadata. */
  boolean field(String field, JsonReader in, Builder meta) throws IOException {
    if (!field.equals("metadata")) {
      return false;
    }
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> meta.name = in.nextString();
            case "namespace" -> meta.namespace = text(in);
            case "uid" -> meta.uid = in.nextString();
            case "resourceVersion" -> resourceVersion = in.nextString();
            case "labels" -> meta.labels = ObjectReader.texts(in, interner, null);
            case "annotations" -> meta.annotations = ObjectReader.texts(in, interner, LAST_APPLIED);
            case "ownerReferences" -> owners(in, meta);
            case "deletionTimestamp" -> {
              in.skipValue();
              meta.deleting = true;
            }
            default -> {
              return false;
            }
          }
          return true;
        });
    return true;
  }

  private void owners(JsonReader in, Builder meta) throws IOException {
    ObjectReader.list(
        in,
        reader -> {
          String[] owner = {"", ""};
          boolean[] controller = {false};
          ObjectReader.fields(
              reader,
              name -> {
                switch (name) {
                  case "kind" -> owner[0] = text(reader);
                  case "name" -> owner[1] = text(reader);
                  case "controller" -> controller[0] = reader.nextBoolean();
                  default -> {
                    return false;
                  }
                }
                return true;
              });
          if (controller[0] && meta.controllerKind.isEmpty() && meta.controllerName.isEmpty()) {
            meta.controllerKind = owner[0];
            meta.controllerName = owner[1];
          }
          return owner;
        });
  }
}
