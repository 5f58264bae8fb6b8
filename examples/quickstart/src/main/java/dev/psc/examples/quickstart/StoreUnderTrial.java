package dev.psc.examples.quickstart;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.store.StoreChannels;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The store of this run: an embedded one, which can be queried, or a given one, whose accepted
 * profiles are recorded on this side.
 */
final class StoreUnderTrial implements AutoCloseable {

  private final String description;
  private final Path directory;
  private final ManagedChannel channel;
  private final TokenSource token;
  private final @Nullable EmbeddedProfileStore embedded;
  private final @Nullable DirectorySink copies;
  private final List<RawProfile> accepted = new CopyOnWriteArrayList<>();

  private StoreUnderTrial(
      String description,
      Path directory,
      ManagedChannel channel,
      TokenSource token,
      @Nullable EmbeddedProfileStore embedded) {
    this.description = description;
    this.directory = directory;
    this.channel = channel;
    this.token = token;
    this.embedded = embedded;
    this.copies = embedded == null ? DirectorySink.create(directory) : null;
  }

  static StoreUnderTrial embedded(Optional<Path> wanted) throws IOException {
    Path directory = directory(wanted);
    EmbeddedProfileStore store = EmbeddedProfileStore.builder().directory(directory).start();
    Path tokenFile = directory.resolve("token");
    TokenFile.write(tokenFile, store.token());
    Path authority = store.writeAuthority(directory.resolve("ca.pem"));
    return connect(
        store.address() + " (embedded, TLS)",
        StoreChannels.builder(store.address()).caFile(authority),
        tokenFile,
        store.project(),
        directory,
        store);
  }

  static StoreUnderTrial given(
      String address,
      Path tokenFile,
      String project,
      Optional<Path> authority,
      boolean plaintext,
      boolean insecureSkipVerify,
      Optional<Path> wanted)
      throws IOException {
    StoreChannels.Builder channel = StoreChannels.builder(address);
    authority.ifPresent(channel::caFile);
    if (plaintext) {
      channel.plaintext();
    }
    if (insecureSkipVerify) {
      channel.insecureSkipVerify();
    }
    return connect(address, channel, tokenFile, ProjectId.parse(project), directory(wanted), null);
  }

  private static StoreUnderTrial connect(
      String description,
      StoreChannels.Builder channel,
      Path tokenFile,
      ProjectId project,
      Path directory,
      @Nullable EmbeddedProfileStore embedded) {
    TokenSource token = TokenSource.file(tokenFile);
    PscAuthInterceptor interceptor =
        PscAuthInterceptor.builder(token, project).allowPlaintextOnLoopback().build();
    return new StoreUnderTrial(
        description,
        directory,
        channel.application("psc-quickstart/0.1").interceptor(interceptor).build(),
        token,
        embedded);
  }

  private static Path directory(Optional<Path> wanted) throws IOException {
    return wanted.isPresent()
        ? Files.createDirectories(wanted.get().toAbsolutePath())
        : Files.createTempDirectory("psc-quickstart-");
  }

  String description() {
    return description;
  }

  Path directory() {
    return directory;
  }

  ManagedChannel channel() {
    return channel;
  }

  boolean isEmbedded() {
    return embedded != null;
  }

  /** Records the profiles for a store that cannot be queried. */
  ProfileReceiver watch(ProfileReceiver next) {
    DirectorySink sink = copies;
    if (sink == null) {
      return next;
    }
    return profile -> {
      Acceptance acceptance = next.accept(profile);
      if (acceptance.isAccepted()) {
        accepted.add(profile);
        var unused = sink.send(List.of(profile));
      }
      return acceptance;
    };
  }

  /** Returns the profiles that the embedded store received, or those accepted for a given one. */
  List<RawProfile> arrived() {
    return embedded == null
        ? List.copyOf(accepted)
        : embedded.profiles().stream()
            .map(profile -> RawProfile.of(profile.labels(), profile.pprof()))
            .toList();
  }

  /** Returns the files of the embedded store. */
  List<Path> files() {
    return embedded == null
        ? List.of()
        : embedded.profiles().stream().map(StoredProfile::file).flatMap(Optional::stream).toList();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    token.close();
    if (embedded != null) {
      embedded.close();
    }
  }
}
