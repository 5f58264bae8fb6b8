package dev.psc.agent;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

/** Which methods of a class a class file calls, read from its constant pool. */
final class CalledMethods {

  private CalledMethods() {}

  /**
   * Returns names with descriptors.
   *
   * @param owner the class whose methods are called, with slashes
   */
  static Set<String> of(InputStream classFile, String owner) throws IOException {
    DataInputStream in = new DataInputStream(classFile);
    in.readLong(); // magic and version
    int count = in.readUnsignedShort();
    String[] texts = new String[count];
    int[] tags = new int[count];
    int[] first = new int[count];
    int[] second = new int[count];
    for (int i = 1; i < count; i++) {
      tags[i] = in.readUnsignedByte();
      switch (tags[i]) {
        case 1 -> texts[i] = in.readUTF();
        case 3, 4 -> in.readInt();
        case 5, 6 -> {
          in.readLong();
          i++; // takes two places
        }
        case 7, 8, 16, 19, 20 -> first[i] = in.readUnsignedShort();
        case 15 -> in.skipNBytes(3);
        default -> {
          first[i] = in.readUnsignedShort();
          second[i] = in.readUnsignedShort();
        }
      }
    }
    Set<String> methods = new HashSet<>();
    for (int i = 1; i < count; i++) {
      boolean isMethod = tags[i] == 10 || tags[i] == 11;
      if (isMethod && owner.equals(texts[first[first[i]]])) {
        methods.add(texts[first[second[i]]] + texts[second[second[i]]]);
      }
    }
    return methods;
  }
}
