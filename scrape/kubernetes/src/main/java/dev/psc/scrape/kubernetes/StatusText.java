package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import dev.psc.net.LogText;
import java.io.IOException;
import java.io.StringReader;

/** The {@code Status} object that the API sends with an error. */
record StatusText(int code, String reason, String message) {

  static StatusText read(JsonReader in) throws IOException {
    int[] code = {500};
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "code" -> code[0] = in.nextInt();
            case "reason" -> texts[0] = in.nextString();
            case "message" -> texts[1] = in.nextString();
            default -> {
              return false;
            }
          }
          return true;
        });
    // "Expired" and "Gone" are the same to a watcher, and not all servers send the code.
    boolean gone = texts[0].equals("Expired") || texts[0].equals("Gone");
    return new StatusText(gone ? 410 : code[0], texts[0], texts[1]);
  }

  String describe() {
    return "error " + code + (reason.isEmpty() ? "" : " " + reason) + ": " + message(message);
  }

  private static String message(String message) {
    return LogText.line(message, 300);
  }

  /** Returns the message of a Status in a body, or the body's beginning made printable. */
  static String ofBody(String body) {
    if (body.stripLeading().startsWith("{")) {
      try (JsonReader in = new JsonReader(new StringReader(body))) {
        String message = read(in).message;
        if (!message.isEmpty()) {
          return message(message);
        }
      } catch (IOException | IllegalStateException | NumberFormatException e) {
        return LogText.line(body, 200);
      }
    }
    return LogText.line(body, 200);
  }
}
