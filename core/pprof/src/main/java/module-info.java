/** Labels and the pprof codec: read, validate, repair, filter, delta, merge, flame graph. */
module dev.psc.pprof {
  requires static transitive org.jspecify;

  exports dev.psc.pprof;
}
