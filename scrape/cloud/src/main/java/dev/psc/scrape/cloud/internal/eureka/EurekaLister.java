package dev.psc.scrape.cloud.internal.eureka;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.XmlNode;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A lister of all instances of a registry, which answers in XML or JSON. */
final class EurekaLister implements TargetLister {

  private final EurekaSettings settings;
  private final ApiClient api;

  EurekaLister(EurekaSettings settings, HttpClients http) {
    this.settings = settings;
    this.api = ApiClient.polling(settings.name(), http, settings.refreshInterval());
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    HttpAnswer answer =
        api.get(
            URI.create(Settings.withoutSlash(settings.server()) + "/apps"),
            settings.http(),
            Map.of("Accept", "application/xml, application/json;q=0.5"));
    List<LabelSet> targets = new ArrayList<>();
    if (answer.contentType().endsWith("json")) {
      Json applications = Json.parse(answer.body()).get("applications");
      if (!applications.isPresent()) {
        throw new MalformedAnswerException("expected the object applications");
      }
      for (Json application : EurekaInstance.items(applications.get("application"))) {
        String name = application.get("name").text();
        EurekaInstance.items(application.get("instance"))
            .forEach(instance -> targets.add(EurekaInstance.of(name, instance).target()));
      }
    } else {
      XmlNode applications = XmlNode.parse(answer.body());
      if (!applications.name().equals("applications")) {
        throw new MalformedAnswerException(
            "expected the element applications, found " + applications.name());
      }
      for (XmlNode application : applications.children("application")) {
        String name = application.text("name");
        application
            .children("instance")
            .forEach(instance -> targets.add(EurekaInstance.of(name, instance).target()));
      }
    }
    return List.of(new TargetGroup("eureka", targets, LabelSet.empty()));
  }
}
