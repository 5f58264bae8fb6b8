package dev.psc.examples.interceptor;

import com.google.protobuf.ByteString;
import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.auth.TokenUnavailableException;
import dev.psc.examples.interceptor.proto.Label;
import dev.psc.examples.interceptor.proto.LabelSet;
import dev.psc.examples.interceptor.proto.ProfileStoreServiceGrpc;
import dev.psc.examples.interceptor.proto.RawProfileSeries;
import dev.psc.examples.interceptor.proto.RawSample;
import dev.psc.examples.interceptor.proto.WriteRawRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * An application with its own gRPC stub and channel that uses only the interceptor of this project.
 * It sends one pprof file to Polar Signals Cloud.
 */
public final class SendOneProfile {

  private static final int SUCCESS = 0;
  private static final int FAILURE = 1;
  private static final int USAGE = 2;

  private SendOneProfile() {}

  /**
   * Sends a file.
   *
   * @param args store address, token file, project id, pprof file
   */
  public static void main(String[] args) {
    if (args.length != 4) {
      System.err.println(
          "usage: SendOneProfile <host:port> <token file> <project id> <pprof file>");
      System.exit(USAGE);
    }
    System.exit(
        send(
            ManagedChannelBuilder.forTarget(args[0]), Path.of(args[1]), args[2], Path.of(args[3])));
  }

  /** Sends a file over the channel of the application, and returns the exit code. */
  static int send(ManagedChannelBuilder<?> transport, Path tokenFile, String project, Path pprof) {
    // The token source watches the file: a rotated token needs no restart.
    try (TokenSource token = TokenSource.file(tokenFile)) {
      ManagedChannel channel =
          transport.intercept(PscAuthInterceptor.create(token, ProjectId.parse(project))).build();
      try {
        var unused =
            ProfileStoreServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .writeRaw(request(Files.readAllBytes(pprof)));
        System.out.println("stored");
        return SUCCESS;
      } finally {
        channel.shutdownNow();
      }
    } catch (StatusRuntimeException e) {
      // The interceptor adds hints: role binding, project scope, revoked token.
      System.err.println("not stored: " + e.getStatus().getDescription());
    } catch (TokenUnavailableException | IllegalArgumentException | IOException e) {
      System.err.println("not sent: " + e.getMessage());
    }
    return FAILURE;
  }

  private static WriteRawRequest request(byte[] pprof) {
    return WriteRawRequest.newBuilder()
        .addSeries(
            RawProfileSeries.newBuilder()
                .setLabels(
                    LabelSet.newBuilder()
                        .addLabels(label("__name__", "process_cpu"))
                        .addLabels(label("job", "interceptor-only")))
                .addSamples(RawSample.newBuilder().setRawProfile(ByteString.copyFrom(pprof))))
        .build();
  }

  private static Label label(String name, String value) {
    return Label.newBuilder().setName(name).setValue(value).build();
  }
}
