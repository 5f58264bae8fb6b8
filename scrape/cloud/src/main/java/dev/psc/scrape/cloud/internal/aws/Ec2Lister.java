package dev.psc.scrape.cloud.internal.aws;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.cloud.internal.XmlNode;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A lister of the instances of a region. */
final class Ec2Lister implements TargetLister {

  private static final Logger logger = LoggerFactory.getLogger(Ec2Lister.class);

  /** The most that EC2 allows, so that a page stays far below the limit on responses. */
  private static final String PAGE_SIZE = "1000";

  private final Ec2Settings settings;
  private final DiscoveryContext context;
  private final ApiClient api;
  private final CredentialChain credentials;

  // One list at a time.
  private @Nullable String region;
  private @Nullable Map<String, String> zoneIds;

  Ec2Lister(Ec2Settings settings, DiscoveryContext context, AwsEnvironment environment) {
    this.settings = settings;
    this.context = context;
    this.api = ApiClient.polling("ec2_sd", context.http(), settings.refreshInterval());
    this.credentials = new CredentialChain(settings, context, environment);
  }

  /** Returns the domain of a region's endpoints. */
  static String domain(String region) {
    return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    String in = region;
    if (in == null) {
      in = credentials.region();
      region = in;
    }
    Map<String, String> ids = zoneIds(in);
    List<LabelSet> targets = new ArrayList<>();
    ApiClient.Pages pages = new ApiClient.Pages("ec2_sd");
    String next = "";
    do {
      Map<String, String> query = new LinkedHashMap<>();
      query.put("Action", "DescribeInstances");
      addFilters(query);
      query.put("MaxResults", PAGE_SIZE);
      if (!next.isEmpty()) {
        query.put("NextToken", next);
      }
      XmlNode page = ask(in, query);
      for (XmlNode reservation : page.child("reservationSet").children("item")) {
        for (XmlNode instance : reservation.child("instancesSet").children("item")) {
          Ec2Labels.of(instance, reservation.text("ownerId"), in, ids, settings.port())
              .ifPresent(targets::add);
        }
      }
      next = page.text("nextToken");
      if (!next.isEmpty()) {
        pages.next(next);
      }
    } while (!next.isEmpty());
    return List.of(new TargetGroup(in, targets, LabelSet.empty()));
  }

  private void addFilters(Map<String, String> query) {
    int number = 0;
    for (Filter filter : settings.filters()) {
      String prefix = "Filter." + ++number + ".";
      query.put(prefix + "Name", filter.name());
      int value = 0;
      for (String text : filter.values()) {
        query.put(prefix + "Value." + ++value, text);
      }
    }
  }

  /** Returns the ids of the zones by their names, which differ between accounts. */
  private Map<String, String> zoneIds(String in) throws InterruptedException {
    Map<String, String> known = zoneIds;
    if (known != null) {
      return known;
    }
    try {
      Map<String, String> ids = new HashMap<>();
      XmlNode zones = ask(in, new LinkedHashMap<>(Map.of("Action", "DescribeAvailabilityZones")));
      zones
          .child("availabilityZoneInfo")
          .children("item")
          .forEach(zone -> ids.put(zone.text("zoneName"), zone.text("zoneId")));
      zoneIds = ids;
      return ids;
    } catch (DiscoveryException | MalformedAnswerException e) {
      // A separate permission, needed for one label only.
      logger.debug("ec2_sd: no zone ids: {}", e.getMessage());
      return Map.of();
    }
  }

  private XmlNode ask(String in, Map<String, String> query)
      throws DiscoveryException, InterruptedException {
    query.put("Version", "2016-11-15");
    URI endpoint =
        settings.endpoint().orElseGet(() -> URI.create("https://ec2." + in + "." + domain(in)));
    SignedGet request = new SignedGet(api, settings.http(), credentials.get(in), in, "ec2");
    HttpAnswer answer = request.send(endpoint, query, context.clock().instant());
    if (answer.status() != 200) {
      if (SignedGet.denied(answer)) {
        credentials.refused();
      }
      throw new DiscoveryException(request.failure(answer));
    }
    return XmlNode.parse(answer.body());
  }
}
