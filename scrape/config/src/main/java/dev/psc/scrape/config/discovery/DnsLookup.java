package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.CompositeName;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.NoInitialContextException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/**
 * A DNS client on that of the JDK, which falls back to TCP and to further servers. It caches
 * nothing, and uses neither the system's resolver nor the JDK's cache of addresses.
 */
final class DnsLookup {

  /** Doubles with each of the tries, for each server. */
  private static final String FIRST_TIMEOUT_MILLIS = "1000";

  private static final String TRIES = "3";

  private final Path resolvConf;

  DnsLookup(Path resolvConf) {
    this.resolvConf = resolvConf;
  }

  /**
   * Returns the records of the first candidate for a name that has any; none when all candidates do
   * not exist or have none.
   *
   * @throws DiscoveryException when no server gave a valid response
   */
  List<String> records(String name, DnsRecordType type) throws DiscoveryException {
    ResolvConf conf = ResolvConf.read(resolvConf);
    NamingException failure = null;
    for (String candidate : conf.candidates(name)) {
      try {
        List<String> records = ask(conf, candidate, type);
        if (!records.isEmpty()) {
          return records;
        }
      } catch (NamingException e) {
        // If a name does not exist, the next candidate may.
        failure = e instanceof NameNotFoundException ? failure : e;
      }
    }
    if (failure != null) {
      throw new DiscoveryException(
          "dns_sd: cannot look up "
              + type
              + " of "
              + name
              + " ("
              + reason(failure)
              + ")"
              + (conf.servers().isEmpty() ? "" : " at " + String.join(", ", conf.servers())),
          failure);
    }
    return List.of();
  }

  private static String reason(NamingException failure) {
    if (failure instanceof NoInitialContextException) {
      return "this Java runtime lacks the module jdk.naming.dns: add it to the image";
    }
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /** Nothing is deserialized here: the factory is fixed, and it makes texts of records. */
  @SuppressWarnings({"BanJNDI", "JdkObsolete"})
  private static List<String> ask(ResolvConf conf, String name, DnsRecordType type)
      throws NamingException {
    Hashtable<String, String> environment = new Hashtable<>();
    environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
    environment.put(Context.PROVIDER_URL, providerUrl(conf));
    environment.put("com.sun.jndi.dns.timeout.initial", FIRST_TIMEOUT_MILLIS);
    environment.put("com.sun.jndi.dns.timeout.retries", TRIES);
    InitialDirContext context = new InitialDirContext(environment);
    try {
      // A composite name of one part: a slash in it must not begin another.
      CompositeName dnsName = new CompositeName();
      dnsName.add(name);
      Attribute attribute =
          context.getAttributes(dnsName, new String[] {type.name()}).get(type.name());
      List<String> records = new ArrayList<>();
      if (attribute != null) {
        NamingEnumeration<?> values = attribute.getAll();
        while (values.hasMore()) {
          records.add(String.valueOf(values.next()));
        }
      }
      return records;
    } finally {
      context.close();
    }
  }

  private static String providerUrl(ResolvConf conf) {
    if (conf.servers().isEmpty()) {
      return "dns:";
    }
    return String.join(" ", conf.servers().stream().map(server -> "dns://" + server).toList());
  }
}
