package dev.psc.scrape.cloud.internal;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value with its path. A missing field and {@code null} are absent values, which read as
 * empty text, list or object; a value of another kind is a {@link MalformedAnswerException}.
 */
public final class Json {

  private final @Nullable JsonElement element;
  private final String path;

  private Json(@Nullable JsonElement element, String path) {
    this.element = element == null || element.isJsonNull() ? null : element;
    this.path = path;
  }

  /**
   * Parses one JSON document, strictly.
   *
   * @throws MalformedAnswerException if the bytes are not JSON
   */
  public static Json parse(byte[] bytes) {
    try (JsonReader in =
        new JsonReader(new StringReader(new String(bytes, StandardCharsets.UTF_8)))) {
      in.setStrictness(Strictness.STRICT);
      JsonElement root = JsonParser.parseReader(in);
      if (in.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedAnswerException("not valid JSON: text after the end");
      }
      return new Json(root, "");
    } catch (IOException | JsonParseException e) {
      // Gson appends a line with a link to its own help.
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      int cause = message.indexOf("Exception: ");
      throw new MalformedAnswerException(
          "not valid JSON: " + (cause < 0 ? message : message.substring(cause + 11)));
    }
  }

  /** Returns whether there is a value. */
  public boolean isPresent() {
    return element != null;
  }

  /** Returns whether this is a list. */
  public boolean isList() {
    return element instanceof JsonArray;
  }

  /** Returns a field of this object. */
  public Json get(String name) {
    String child = path.isEmpty() ? name : path + "." + name;
    return new Json(element == null ? null : object().get(name), child);
  }

  private JsonObject object() {
    if (element instanceof JsonObject object) {
      return object;
    }
    throw expected("an object");
  }

  /** Returns the elements of this list. */
  public List<Json> items() {
    List<Json> items = new ArrayList<>();
    if (element == null) {
      return items;
    }
    if (!(element instanceof JsonArray array)) {
      throw expected("a list");
    }
    for (JsonElement item : array) {
      items.add(new Json(item, path + "[" + items.size() + "]"));
    }
    return items;
  }

  /** Returns the fields of this object in their order. */
  public Map<String, Json> fields() {
    Map<String, Json> fields = new LinkedHashMap<>();
    if (element != null) {
      object()
          .entrySet()
          .forEach(
              field ->
                  fields.put(
                      field.getKey(),
                      new Json(
                          field.getValue(),
                          path.isEmpty() ? field.getKey() : path + "." + field.getKey())));
    }
    return fields;
  }

  /** Returns the fields of this object as texts, without absent ones. */
  public Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    fields()
        .forEach(
            (name, value) -> {
              if (value.isPresent()) {
                texts.put(name, value.text());
              }
            });
    return texts;
  }

  /** Returns a text, number or truth value as it is written. */
  public String text() {
    if (element == null) {
      return "";
    }
    if (element instanceof JsonPrimitive primitive) {
      return primitive.getAsString();
    }
    throw expected("text");
  }

  /** Returns whether this is {@code true}. */
  public boolean flag() {
    return text().equalsIgnoreCase("true");
  }

  /** Returns a whole number; 0 if absent. */
  public long number() {
    if (element == null) {
      return 0;
    }
    try {
      return Long.parseLong(text());
    } catch (NumberFormatException e) {
      throw expected("a whole number");
    }
  }

  private MalformedAnswerException expected(String what) {
    return new MalformedAnswerException(
        "expected " + what + (path.isEmpty() ? "" : " at " + path) + ", found something else");
  }
}
