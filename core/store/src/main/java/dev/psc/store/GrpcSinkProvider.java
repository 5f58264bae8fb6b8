package dev.psc.store;

import dev.psc.auth.CallHeaders;
import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.TokenUnavailableException;
import dev.psc.delivery.ProfileSink;
import dev.psc.delivery.RawProfile;
import dev.psc.delivery.SendOutcome;
import dev.psc.delivery.SinkProvider;
import dev.psc.delivery.SinkSettings;
import io.grpc.ManagedChannel;
import io.grpc.stub.MetadataUtils;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Makes the gRPC sink of a store's address: what {@link SinkProvider#load} finds when this artifact
 * is there. The sinks own their channel and watch their token's file until they are closed. A token
 * travels in plaintext to this machine, and elsewhere only when the settings say so.
 */
public final class GrpcSinkProvider implements SinkProvider {

  /** Made by the service loader. */
  public GrpcSinkProvider() {}

  @Override
  public ProfileSink create(SinkSettings settings) {
    CallHeaders headers = headers(settings);
    TokenSource token = token(settings);
    try {
      ManagedChannel channel = channel(settings, headers, token);
      GrpcProfileSink sink =
          GrpcProfileSink.builder(channel)
              .name("store")
              .attemptTimeout(settings.callTimeout())
              .ownedChannel(channel)
              .build();
      return token == null ? sink : new WithToken(sink, token);
    } catch (RuntimeException e) {
      if (token != null) {
        token.close();
      }
      throw e;
    }
  }

  private static CallHeaders headers(SinkSettings settings) {
    CallHeaders.Builder headers = CallHeaders.builder();
    settings.headers().forEach(headers::header);
    settings.projectId().ifPresent(id -> headers.header("projectID", id));
    return headers.build();
  }

  private static @Nullable TokenSource token(SinkSettings settings) {
    try {
      if (settings.tokenFile().isPresent()) {
        return TokenSource.file(settings.tokenFile().get());
      }
    } catch (TokenUnavailableException e) {
      throw new IllegalArgumentException("tokenFile: " + e.getMessage(), e);
    }
    return settings
        .token()
        .map(text -> TokenSource.fixed(ServiceAccountToken.parse(text.strip())))
        .orElse(null);
  }

  private static ManagedChannel channel(
      SinkSettings settings, CallHeaders headers, @Nullable TokenSource token) {
    StoreChannels.Builder channel =
        StoreChannels.builder(settings.address()).proxyFromEnvironment();
    if (settings.plaintext()) {
      channel.plaintext();
    }
    settings.caFile().ifPresent(channel::trustedCertificates);
    if (settings.skipVerify()) {
      channel.insecureSkipVerify();
    }
    if (token == null) {
      channel.interceptor(MetadataUtils.newAttachHeadersInterceptor(headers.toMetadata()));
      return channel.build();
    }
    Optional<ProjectId> project = headers.projectId();
    PscAuthInterceptor.Builder interceptor =
        project.isPresent()
            ? PscAuthInterceptor.builder(token, project.get())
            : PscAuthInterceptor.builderWithoutProject(token);
    interceptor.headers(headers.withoutProjectId());
    if (settings.tokenOverPlaintext()) {
      interceptor.allowPlaintext();
    } else {
      interceptor.allowPlaintextOnLoopback();
    }
    return channel.interceptor(interceptor.build()).build();
  }

  /** A sink that takes its token source with it. */
  private record WithToken(GrpcProfileSink sink, TokenSource token) implements ProfileSink {

    @Override
    public String name() {
      return sink.name();
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      return sink.send(batch);
    }

    @Override
    public void close() {
      sink.close();
      token.close();
    }

    @Override
    public String toString() {
      return sink.toString();
    }
  }
}
