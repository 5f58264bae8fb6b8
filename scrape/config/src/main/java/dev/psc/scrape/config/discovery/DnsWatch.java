package dev.psc.scrape.config.discovery;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.PollingDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A watch that queries all names at an interval; a name that fails keeps its last good targets. */
final class DnsWatch implements TargetDiscovery {

  private final DnsDiscovery settings;
  private final DnsLookup lookup;
  private final PollingDiscovery polling;

  // Only one thread at a time lists.
  private final Map<String, TargetGroup> last = new LinkedHashMap<>();
  private @Nullable PartialSink sink;

  DnsWatch(DnsDiscovery settings, DiscoveryContext context, DnsLookup lookup) {
    this.settings = settings;
    this.lookup = lookup;
    this.polling = new PollingDiscovery("dns_sd", settings.refreshInterval(), this::list, context);
  }

  @Override
  public void start(TargetSink target) {
    PartialSink partial = new PartialSink(target, DnsDiscovery.KEY);
    sink = partial;
    polling.start(partial);
  }

  private Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    List<String> problems = new ArrayList<>();
    for (String name : settings.names()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("closed");
      }
      try {
        last.put(name, group(name));
      } catch (DiscoveryException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    String problem = String.join("; ", problems);
    if (last.isEmpty()) {
      throw new DiscoveryException(problem);
    }
    if (sink != null) {
      sink.problem(problem);
    }
    return List.copyOf(last.values());
  }

  private TargetGroup group(String name) throws DiscoveryException {
    List<LabelSet> targets = new ArrayList<>();
    for (String record : lookup.records(name, settings.type())) {
      targets.add(target(name, record));
    }
    return new TargetGroup(name, targets, LabelSet.empty());
  }

  private LabelSet target(String name, String record) throws DiscoveryException {
    LabelSet.Builder target = LabelSet.builder();
    target.set("__meta_dns_name", name);
    String[] words = record.split(" ");
    switch (settings.type()) {
      case A, AAAA -> target.set(TargetGroup.ADDRESS, address(record, settings.port()));
      case NS -> {
        target.set(TargetGroup.ADDRESS, address(withoutDot(record), settings.port()));
        target.set("__meta_dns_ns_record_target", record);
      }
      case MX -> {
        String host = part(words, 1, name, record);
        target.set(TargetGroup.ADDRESS, address(withoutDot(host), settings.port()));
        target.set("__meta_dns_mx_record_target", host);
      }
      case SRV -> {
        String port = part(words, 2, name, record);
        String host = part(words, 3, name, record);
        target.set(TargetGroup.ADDRESS, withoutDot(host) + ":" + port);
        target.set("__meta_dns_srv_record_target", host);
        target.set("__meta_dns_srv_record_port", port);
      }
    }
    return target.build();
  }

  private static String part(String[] words, int index, String name, String record)
      throws DiscoveryException {
    if (words.length <= index) {
      throw new DiscoveryException("dns_sd: " + name + " has the malformed record " + record);
    }
    return words[index];
  }

  private static String address(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  private static String withoutDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  @Override
  public void close() {
    polling.close();
  }
}
