package dev.psc.scrape.config.discovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The relevant settings of {@code /etc/resolv.conf}. Immutable.
 *
 * @param servers as {@code host} or {@code host:port}, IPv6 in brackets; empty lets the JDK decide
 * @param search domains that are tried behind a short name
 * @param ndots a name with as many dots is tried by itself first
 */
record ResolvConf(List<String> servers, List<String> search, int ndots) {

  static final Path SYSTEM = Path.of("/etc/resolv.conf");

  /** The limit of the C library. */
  private static final int MAX_NDOTS = 15;

  static ResolvConf read(Path file) {
    try {
      return parse(Files.readAllLines(file));
    } catch (IOException ignored) {
      // E.g. on Windows: the JDK finds the servers elsewhere.
      return new ResolvConf(List.of(), List.of(), 1);
    }
  }

  static ResolvConf parse(List<String> lines) {
    List<String> servers = new ArrayList<>();
    List<String> search = List.of();
    int ndots = 1;
    for (String line : lines) {
      String[] words = line.strip().split("\\s+");
      if (words.length < 2) {
        continue;
      }
      switch (words[0].toLowerCase(Locale.ROOT)) {
        case "nameserver" -> servers.add(server(words[1]));
        case "domain", "search" -> search = List.of(words).subList(1, words.length);
        case "options" -> ndots = ndots(words, ndots);
        default -> {
          // Comments, sortlist and other lines.
        }
      }
    }
    return new ResolvConf(List.copyOf(servers), search, ndots);
  }

  private static String server(String address) {
    return address.chars().filter(c -> c == ':').count() > 1 && !address.startsWith("[")
        ? "[" + address + "]"
        : address;
  }

  private static int ndots(String[] words, int before) {
    int ndots = before;
    for (String word : words) {
      if (word.startsWith("ndots:")) {
        try {
          ndots = Math.max(0, Math.min(MAX_NDOTS, Integer.parseInt(word.substring(6))));
        } catch (NumberFormatException ignored) {
          ndots = before;
        }
      }
    }
    return ndots;
  }

  /** Returns the names to try, in order, without dots at their ends. */
  List<String> candidates(String name) {
    if (name.endsWith(".")) {
      return List.of(name.substring(0, name.length() - 1));
    }
    Set<String> names = new LinkedHashSet<>();
    boolean aloneFirst = name.chars().filter(c -> c == '.').count() >= ndots;
    if (aloneFirst) {
      names.add(name);
    }
    for (String domain : search) {
      String stripped = domain.endsWith(".") ? domain.substring(0, domain.length() - 1) : domain;
      names.add(stripped.isEmpty() ? name : name + "." + stripped);
    }
    names.add(name);
    return List.copyOf(names);
  }
}
