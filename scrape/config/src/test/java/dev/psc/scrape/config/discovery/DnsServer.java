package dev.psc.scrape.config.discovery;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A DNS server on loopback that answers what it was told to, by UDP and, where too long, by TCP.
 */
final class DnsServer implements AutoCloseable {

  private static final Map<String, Integer> TYPES =
      Map.of("A", 1, "NS", 2, "CNAME", 5, "MX", 15, "AAAA", 28, "SRV", 33);
  private static final int UDP_BYTES = 512;

  @SuppressWarnings("ArrayRecordComponent")
  private record Answer(int type, byte[] data) {}

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final Map<String, List<Answer>> answers = new ConcurrentHashMap<>();
  final List<String> questions = new CopyOnWriteArrayList<>();
  final List<String> tcpQuestions = new CopyOnWriteArrayList<>();

  /** Names for which the server fails. */
  final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** The code of all answers while it is not 0: 2 is SERVFAIL. */
  volatile int failWith;

  /** Whether questions are left unanswered. */
  volatile boolean silent;

  DnsServer() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    // In this order: a free port of TCP is rarely taken for UDP, but the other way round it often
    // is.
    tcp = new ServerSocket();
    tcp.bind(new InetSocketAddress(loopback, 0));
    udp = new DatagramSocket(tcp.getLocalPort(), loopback);
    daemon(this::serveUdp);
    daemon(this::serveTcp);
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "dns-server");
    thread.setDaemon(true);
    thread.start();
  }

  String address() {
    return "127.0.0.1:" + udp.getLocalPort();
  }

  /** Says what a name has; a CNAME is followed by the records of the name it points to. */
  void put(String type, String name, String... records) {
    List<Answer> list = new ArrayList<>();
    for (String record : records) {
      list.add(new Answer(number(type), data(type, record)));
    }
    answers.put(key(type, name), list);
  }

  void remove(String type, String name) {
    answers.remove(key(type, name));
  }

  private static String key(String type, String name) {
    return number(type) + " " + name;
  }

  private static int number(String type) {
    return TYPES.getOrDefault(type, 0);
  }

  private static byte[] data(String type, String record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    String[] words = record.split(" ", -1);
    try {
      switch (type) {
        case "A", "AAAA" -> out.write(InetAddress.getAllByName(record)[0].getAddress());
        case "NS", "CNAME" -> name(out, record);
        case "MX" -> {
          out.writeShort(Integer.parseInt(words[0]));
          name(out, words[1]);
        }
        default -> {
          for (int i = 0; i < 3; i++) {
            out.writeShort(Integer.parseInt(words[i]));
          }
          name(out, words[3]);
        }
      }
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  private static void name(DataOutputStream out, String name) throws IOException {
    for (String label : name.split("\\.", -1)) {
      byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
      out.writeByte(bytes.length);
      out.write(bytes);
    }
    out.writeByte(0);
  }

  private void serveUdp() {
    byte[] buffer = new byte[UDP_BYTES];
    while (!udp.isClosed()) {
      try {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        byte[] answer = answer(Arrays.copyOf(buffer, packet.getLength()), questions);
        if (answer.length > UDP_BYTES) {
          // Truncated: nothing but the question.
          answer = Arrays.copyOf(answer, packet.getLength());
          answer[2] |= 2;
          Arrays.fill(answer, 6, 12, (byte) 0);
        }
        if (!silent) {
          udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serveTcp() {
    while (!tcp.isClosed()) {
      try (Socket socket = tcp.accept()) {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] answer = answer(in.readNBytes(in.readUnsignedShort()), tcpQuestions);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeShort(answer.length);
        out.write(answer);
        out.flush();
      } catch (IOException closed) {
        if (tcp.isClosed()) {
          return;
        }
      }
    }
  }

  private byte[] answer(byte[] question, List<String> log) throws IOException {
    int at = 12;
    StringBuilder name = new StringBuilder();
    while (question[at] != 0) {
      int length = question[at];
      name.append(name.isEmpty() ? "" : ".");
      name.append(new String(question, at + 1, length, StandardCharsets.US_ASCII));
      at += length + 1;
    }
    int type = ((question[at + 1] & 0xff) << 8) | (question[at + 2] & 0xff);
    int end = at + 5;
    String asked = name.toString().toLowerCase(Locale.ROOT);
    log.add(type + " " + asked);
    List<Answer> found = new ArrayList<>();
    List<Answer> direct = answers.get(type + " " + asked);
    List<Answer> alias = answers.get(number("CNAME") + " " + asked);
    if (alias != null) {
      found.addAll(alias);
      answers.entrySet().stream()
          .filter(entry -> entry.getKey().equals(type + " alias.target"))
          .forEach(entry -> found.addAll(entry.getValue()));
    }
    if (direct != null) {
      found.addAll(direct);
    }
    boolean exists = answers.keySet().stream().anyMatch(key -> key.endsWith(" " + asked));
    int code = failWith != 0 ? failWith : failing.contains(asked) ? 2 : exists ? 0 : 3;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(question, 0, 2);
    out.writeShort(0x8180 | code);
    out.writeShort(1);
    out.writeShort(code == 0 ? found.size() : 0);
    out.writeInt(0);
    out.write(question, 12, end - 12);
    if (code == 0) {
      for (Answer answer : found) {
        out.writeShort(0xc00c);
        out.writeShort(answer.type);
        out.writeShort(1);
        out.writeInt(30);
        out.writeShort(answer.data.length);
        out.write(answer.data);
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
  }
}
