package dev.psc.examples.benchmarks.truth;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A thread that calculates, writes and forces to disk. */
public final class FileForcer implements TruthProgram {

  @Override
  public String name() {
    return "file-force";
  }

  @Override
  public String threads() {
    return "native waits";
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    Path file = Files.createTempFile("truth", ".log");
    file.toFile().deleteOnExit();
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    Thread unused =
        Work.repeat(
            "writer",
            () -> {
              Work.calculate(3);
              channel.position(0).write(ByteBuffer.allocate(8_192));
              channel.force(true);
            });
    Work.sleep(4_000);
    TruthCapture.CpuWindow window =
        capture.cpuNextToAsyncProfiler(15, List.of(Work.class.getName() + ".calculate"));
    capture.cpuTotal(window);
  }
}
