/** Labels and the pprof codec: read, validate, repair, filter, delta, merge, flame graph. */
module dev.psc.pprof {
  requires static transitive org.jspecify;

  exports dev.psc.label;
  exports dev.psc.pprof;
  exports dev.psc.pprof.format;
  exports dev.psc.pprof.repair;
  exports dev.psc.pprof.report;
}
