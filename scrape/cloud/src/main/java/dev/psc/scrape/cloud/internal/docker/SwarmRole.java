package dev.psc.scrape.cloud.internal.docker;

/** The kinds of objects of a swarm that become targets. */
enum SwarmRole {
  TASKS,
  SERVICES,
  NODES
}
