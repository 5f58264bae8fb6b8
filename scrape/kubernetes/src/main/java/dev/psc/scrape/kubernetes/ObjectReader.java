package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A reader of JSON objects, field by field, that skips unknown fields and nulls. */
final class ObjectReader {

  private ObjectReader() {}

  /** A handler of one field. */
  @FunctionalInterface
  interface Field {

    /**
     * Reads the value of a field.
     *
     * @return whether the value was read; it is skipped otherwise
     */
    boolean read(String name) throws IOException;
  }

  /** Reads one value. */
  @FunctionalInterface
  interface Value<T> {

    /** Reads the value. */
    T read(JsonReader in) throws IOException;
  }

  static void fields(JsonReader in, Field field) throws IOException {
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      if (in.peek() == JsonToken.NULL) {
        in.nextNull();
      } else if (!field.read(name)) {
        in.skipValue();
      }
    }
    in.endObject();
  }

  static <T> List<T> list(JsonReader in, Value<T> value) throws IOException {
    List<T> list = new ArrayList<>();
    in.beginArray();
    while (in.hasNext()) {
      if (in.peek() == JsonToken.NULL) {
        in.nextNull();
      } else {
        list.add(value.read(in));
      }
    }
    in.endArray();
    return List.copyOf(list);
  }

  /** Reads a map of texts, sorted by key, without those that {@code unwanted} names. */
  static Map<String, String> texts(JsonReader in, Interner interner, @Nullable String unwanted)
      throws IOException {
    Map<String, String> map = new TreeMap<>();
    fields(
        in,
        name -> {
          if (name.equals(unwanted)) {
            return false;
          }
          map.put(interner.intern(name), interner.intern(in.nextString()));
          return true;
        });
    // Not Map.copyOf: the order decides which of two names that become one label wins.
    return map.isEmpty() ? Map.of() : java.util.Collections.unmodifiableMap(map);
  }
}
