package dev.psc.spring;

/** The properties of an application, with the settings of the profiler that they set. */
enum ProfilingProperty {
  STORE_ADDRESS("psc.store.address", "PSC_STORE_ADDRESS"),
  STORE_TOKEN("psc.store.token", "PSC_BEARER_TOKEN"),
  STORE_TOKEN_FILE("psc.store.token-file", "PSC_BEARER_TOKEN_FILE"),
  STORE_PROJECT_ID("psc.store.project-id", "PSC_PROJECT_ID"),
  STORE_CA_FILE("psc.store.ca-file", "PSC_CA_FILE"),
  STORE_PLAINTEXT("psc.store.plaintext", "PSC_INSECURE"),
  STORE_INSECURE_SKIP_VERIFY("psc.store.insecure-skip-verify", "PSC_INSECURE_SKIP_VERIFY"),
  STORE_ALLOW_PLAINTEXT_TOKEN("psc.store.allow-plaintext-token", "PSC_ALLOW_PLAINTEXT_TOKEN"),
  STORE_ALLOW_PROJECT_TOKEN("psc.store.allow-project-token", "PSC_ALLOW_PROJECT_TOKEN"),
  STORE_HEADERS("psc.store.headers", "PSC_GRPC_HEADERS"),
  QUEUE_MAX_BYTES("psc.queue.max-bytes", "PSC_QUEUE_MAX_BYTES"),
  SPOOL_DIR("psc.spool.dir", "PSC_SPOOL_DIR"),
  SPOOL_MAX_BYTES("psc.spool.max-bytes", "PSC_SPOOL_MAX_BYTES"),
  SPLIT_BY("psc.split.by", "PSC_SPLIT_BY"),
  SPLIT_MAX_SERIES("psc.split.max-series", "PSC_SPLIT_MAX_SERIES"),
  PROFILES("psc.profiles", "PSC_PROFILES"),
  INTERVAL("psc.interval", "PSC_INTERVAL"),
  IDLE_TIMEOUT("psc.idle-timeout", "PSC_IDLE_TIMEOUT"),
  PPROF_ADDRESS("psc.pprof.address", "PSC_PPROF_ADDRESS"),
  PPROF_TOKEN("psc.pprof.token", "PSC_PPROF_TOKEN"),
  PPROF_TOKEN_FILE("psc.pprof.token-file", "PSC_PPROF_TOKEN_FILE"),
  ENGINE("psc.engine", "PSC_ENGINE"),
  ASYNC_PROFILER_LIBRARY("psc.async-profiler-library", "PSC_ASYNC_PROFILER_LIBRARY"),
  CPU_PERIOD("psc.cpu-period", "PSC_CPU_PERIOD"),
  ALLOCATIONS_PER_SECOND("psc.allocations-per-second", "PSC_ALLOCATIONS_PER_SECOND"),
  EXACT_ALLOCATIONS("psc.exact-allocations", "PSC_EXACT_ALLOCATIONS"),
  ALLOCATED_CLASS("psc.allocated-class", "PSC_ALLOCATED_CLASS"),
  LOCK_THRESHOLD("psc.lock-threshold", "PSC_LOCK_THRESHOLD"),
  BLOCK_THRESHOLD("psc.block-threshold", "PSC_BLOCK_THRESHOLD"),
  STACK_DEPTH("psc.stack-depth", "PSC_STACK_DEPTH"),
  IDLE_THREADS("psc.idle-threads", "PSC_IDLE_THREADS"),
  THREAD_NAMES("psc.thread-names", "PSC_THREAD_NAMES"),
  JFR_REPOSITORY("psc.jfr-repository", "PSC_JFR_REPOSITORY");

  /** Switches the starter off. */
  static final String ENABLED = "psc.enabled";

  /** Lets the application fail if profiling cannot start. */
  static final String STRICT = "psc.strict";

  /** Labels of pushed profiles, as a list or one property per label. */
  static final String LABELS = "psc.labels";

  /** The switch for labels of request handlers. */
  static final String REQUEST_LABELS = "psc.request-labels";

  private final String property;
  private final String setting;

  ProfilingProperty(String property, String setting) {
    this.property = property;
    this.setting = setting;
  }

  String property() {
    return property;
  }

  String setting() {
    return setting;
  }

  /** Returns whether a value must never be shown. */
  boolean isSecret() {
    return this == STORE_TOKEN || this == STORE_HEADERS || this == PPROF_TOKEN;
  }

  boolean isDuration() {
    return switch (this) {
      case INTERVAL, IDLE_TIMEOUT, CPU_PERIOD, LOCK_THRESHOLD, BLOCK_THRESHOLD -> true;
      default -> false;
    };
  }
}
