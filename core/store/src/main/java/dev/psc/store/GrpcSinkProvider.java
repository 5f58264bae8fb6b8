package dev.psc.store;

import dev.psc.auth.BearerToken;
import dev.psc.auth.CallHeaders;
import dev.psc.auth.FileTokenSource;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.TokenUnavailableException;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.stub.MetadataUtils;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The provider of {@link GrpcProfileSink}, found by {@link SinkProvider#load()}. Code that depends
 * on this artifact uses {@link GrpcProfileSink#connect} instead. Thread-safe.
 */
public final class GrpcSinkProvider implements SinkProvider {

  private final Map<String, String> environment;

  /** Called by {@link java.util.ServiceLoader}. */
  public GrpcSinkProvider() {
    this(System.getenv());
  }

  GrpcSinkProvider(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The same as {@link GrpcProfileSink#connect}.
   *
   * @throws IllegalArgumentException if a setting is invalid, or a token would be sent in plaintext
   *     to another machine without {@code allowPlaintextToken}
   * @throws TokenUnavailableException if the token file cannot be read
   */
  @Override
  public ProfileSink create(SinkSettings settings) {
    return connect(settings);
  }

  GrpcProfileSink connect(SinkSettings settings) {
    StoreChannels.Builder channels = channels(settings);
    TokenSource source = tokenSource(settings);
    SinkThreads threads = new SinkThreads();
    boolean done = false;
    try {
      channels.interceptor(interceptor(settings, source));
      ManagedChannel channel = channels.build(threads);
      GrpcProfileSink sink =
          GrpcProfileSink.builder(channel)
              .name("store")
              .ownedChannel(channel)
              .callTimeout(settings.callTimeout())
              .timer(threads.timer())
              .afterClose(() -> close(threads, source))
              .build();
      done = true;
      return sink;
    } finally {
      if (!done) {
        close(threads, source);
      }
    }
  }

  private static void close(SinkThreads threads, @Nullable TokenSource source) {
    threads.close();
    if (source != null) {
      source.close();
    }
  }

  private StoreChannels.Builder channels(SinkSettings settings) {
    StoreChannels.Builder channels = StoreChannels.builder(settings.address());
    if (settings.plaintext()) {
      channels.plaintext();
    }
    if (settings.insecureSkipVerify()) {
      channels.insecureSkipVerify();
    }
    settings.caFile().ifPresent(channels::caFile);
    boolean proxied =
        !environment.getOrDefault("https_proxy", "").isBlank()
            || !environment.getOrDefault("HTTPS_PROXY", "").isBlank();
    return proxied ? channels.proxyFromEnvironment(environment) : channels;
  }

  private static @Nullable TokenSource tokenSource(SinkSettings settings) {
    if (settings.token().isEmpty() && settings.tokenFile().isEmpty()) {
      return null;
    }
    if (settings.token().isPresent()) {
      return TokenSource.fixed(token(settings.token().get().strip(), settings.allowProjectToken()));
    }
    try {
      FileTokenSource.Builder file = FileTokenSource.builder(settings.tokenFile().get());
      return (settings.allowProjectToken() ? file.allowProjectToken() : file).open();
    } catch (TokenUnavailableException e) {
      throw new TokenUnavailableException("tokenFile: " + e.getMessage(), e);
    }
  }

  private static BearerToken token(String text, boolean allowProjectToken) {
    return allowProjectToken && !text.startsWith(ServiceAccountToken.PREFIX)
        ? JwtProjectToken.parse(text)
        : ServiceAccountToken.parse(text);
  }

  private static ClientInterceptor interceptor(
      SinkSettings settings, @Nullable TokenSource source) {
    CallHeaders.Builder collected = CallHeaders.builder();
    settings.projectId().ifPresent(id -> collected.header("projectID", id));
    settings.headers().forEach(collected::header);
    CallHeaders headers = collected.build();
    return interceptor(
        headers, headers.projectId().orElse(null), source, settings.allowPlaintextToken());
  }

  /** Returns an interceptor that attaches headers and, if there is one, a token. */
  static ClientInterceptor interceptor(
      CallHeaders headers,
      @Nullable ProjectId project,
      @Nullable TokenSource source,
      boolean allowPlaintextToken) {
    if (source == null) {
      return MetadataUtils.newAttachHeadersInterceptor(headers.toMetadata());
    }
    PscAuthInterceptor.Builder builder =
        project == null
            ? PscAuthInterceptor.builderWithoutProject(source)
            : PscAuthInterceptor.builder(source, project);
    builder.headers(headers.withoutProjectId());
    return allowPlaintextToken
        ? builder.allowPlaintextToken().build()
        : builder.allowPlaintextOnLoopback().build();
  }
}
