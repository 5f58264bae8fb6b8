/**
 * PEM, proxy rules, JSON and texts for logs, shared by the modules that open connections. It is
 * internal: it is exported to those modules alone, and it changes without notice.
 */
module dev.psc.net {
  requires static transitive org.jspecify;

  exports dev.psc.net to
      dev.psc.auth,
      dev.psc.auth.iam,
      dev.psc.store,
      dev.psc.otlp,
      dev.psc.testkit,
      dev.psc.scrape,
      dev.psc.scrape.cloud,
      dev.psc.scrape.kubernetes,
      dev.psc.scraper;
}
