package dev.psc.delivery.internal.spool;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The frame of a record in a segment: magic, ordinal, length, checksum of these, body, checksum of
 * the body. Both checksums begin with the segment's salt, which is part of its file's name, so that
 * a profile that contains bytes of a spool is not mistaken for a record.
 */
final class Records {

  static final int MAGIC = 0x70735265;
  static final int HEADER_BYTES = 16;
  static final int TRAILER_BYTES = 4;

  private Records() {}

  static void putHeader(ByteBuffer buffer, int salt, int ordinal, int length) {
    buffer.putInt(MAGIC);
    buffer.putInt(ordinal);
    buffer.putInt(length);
    buffer.putInt(headerCrc(salt, ordinal, length));
  }

  static int headerCrc(int salt, int ordinal, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(16);
    bytes.putInt(salt).putInt(MAGIC).putInt(ordinal).putInt(length).flip();
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  static int bodyCrc(int salt, int ordinal, byte[]... parts) {
    ByteBuffer bytes = ByteBuffer.allocate(8);
    bytes.putInt(salt).putInt(ordinal).flip();
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    for (byte[] part : parts) {
      crc.update(part);
    }
    return (int) crc.getValue();
  }
}
