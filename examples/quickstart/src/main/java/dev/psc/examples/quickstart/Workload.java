package dev.psc.examples.quickstart;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A workload: a few threads that write, parse, sort and hash text, and share one index under one
 * lock.
 */
final class Workload implements AutoCloseable {

  private static final int THREADS = 3;
  private static final int WORDS = 20_000;
  private static final int INDEX_LIMIT = 5_000;

  private final TreeMap<String, String> index = new TreeMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean running = true;

  void start() {
    for (int i = 0; i < THREADS; i++) {
      long seed = i;
      Thread thread = new Thread(() -> run(new SplittableRandom(seed)), "workload-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  private void run(SplittableRandom random) {
    while (running) {
      String text = writeText(random);
      List<String> words = parseWords(text);
      String[] sorted = sortWords(words);
      addToIndex(sorted, hashWords(sorted));
    }
  }

  private static String writeText(SplittableRandom random) {
    StringBuilder text = new StringBuilder(WORDS * 8);
    for (int i = 0; i < WORDS; i++) {
      text.append(Integer.toString(random.nextInt(1_000_000), 36))
          .append(i % 12 == 0 ? ".\n" : " ");
    }
    return text.toString();
  }

  private static List<String> parseWords(String text) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (!Character.isLetterOrDigit(text.charAt(i))) {
        if (i > start) {
          words.add(text.substring(start, i).toUpperCase(Locale.ROOT));
        }
        start = i + 1;
      }
    }
    return words;
  }

  private static String[] sortWords(List<String> words) {
    String[] sorted = words.toArray(String[]::new);
    Arrays.sort(sorted);
    return sorted;
  }

  private static String hashWords(String[] words) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      for (String word : words) {
        sha256.update(word.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Holds the lock during all changes, so that threads contend. */
  private void addToIndex(String[] words, String hash) {
    synchronized (index) {
      for (String word : words) {
        index.put(word, hash);
      }
      while (index.size() > INDEX_LIMIT) {
        index.pollFirstEntry();
      }
    }
  }

  @Override
  public void close() {
    running = false;
    for (Thread thread : threads) {
      try {
        thread.join(2_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
