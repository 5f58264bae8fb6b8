package dev.psc.scrape.config.discovery;

/** The record type of a DNS query: the types of {@code dns_sd_configs}. */
public enum DnsRecordType {
  /** IPv4 addresses; the port comes from the settings. */
  A,
  /** IPv6 addresses; the port comes from the settings. */
  AAAA,
  /** Hosts with ports. */
  SRV,
  /** Mail servers; the port comes from the settings. */
  MX,
  /** Name servers; the port comes from the settings. */
  NS
}
