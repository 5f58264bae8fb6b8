package dev.psc.pprof.internal.legacy;

import java.util.List;

/**
 * The frames of profilers themselves by kind of profile, which tools drop and keep once the profile
 * is symbolized: two regular expressions of the format.
 */
record FrameRules(String drop, String keep) {

  private static final List<List<String>> HEAP =
      List.of(
          List.of("objects", "space"),
          List.of("inuse_objects", "inuse_space"),
          List.of("alloc_objects", "alloc_space", "inuse_objects", "inuse_space"));
  private static final List<String> CONTENTION = List.of("contentions", "delay");

  private static final FrameRules OF_HEAP =
      new FrameRules(
          String.join(
              "|",
              "calloc",
              "cfree",
              "malloc",
              "free",
              "memalign",
              "do_memalign",
              "(__)?posix_memalign",
              "pvalloc",
              "valloc",
              "realloc",
              "tcmalloc::.*",
              "tc_calloc",
              "tc_cfree",
              "tc_malloc",
              "tc_free",
              "tc_memalign",
              "tc_posix_memalign",
              "tc_pvalloc",
              "tc_valloc",
              "tc_realloc",
              "tc_new",
              "tc_delete",
              "tc_newarray",
              "tc_deletearray",
              "tc_new_nothrow",
              "tc_newarray_nothrow",
              "malloc_zone_malloc",
              "malloc_zone_calloc",
              "malloc_zone_valloc",
              "malloc_zone_realloc",
              "malloc_zone_memalign",
              "malloc_zone_free",
              "runtime\\..*",
              "BaseArena::.*",
              "(::)?do_malloc_no_errno",
              "(::)?do_malloc_pages",
              "(::)?do_malloc",
              "DoSampledAllocation",
              "MallocedMemBlock::MallocedMemBlock",
              "_M_allocate",
              "__builtin_(vec_)?delete",
              "__builtin_(vec_)?new",
              "__gnu_cxx::new_allocator::allocate",
              "__libc_malloc",
              "__malloc_alloc_template::allocate",
              "allocate",
              "cpp_alloc",
              "operator new(\\[\\])?",
              "simple_alloc::allocate"),
          "runtime\\.panic|runtime\\.reflectcall|runtime\\.call[0-9]*");

  private static final FrameRules OF_CONTENTION =
      new FrameRules(
          String.join(
              "|",
              "RecordLockProfileData",
              "(base::)?RecordLockProfileData.*",
              "(base::)?SubmitMutexProfileData.*",
              "(base::)?SubmitSpinLockProfileData.*",
              "(base::Mutex::)?AwaitCommon.*",
              "(base::Mutex::)?Unlock.*",
              "(base::Mutex::)?UnlockSlow.*",
              "(base::Mutex::)?ReaderUnlock.*",
              "(base::MutexLock::)?~MutexLock.*",
              "(Mutex::)?AwaitCommon.*",
              "(Mutex::)?Unlock.*",
              "(Mutex::)?UnlockSlow.*",
              "(Mutex::)?ReaderUnlock.*",
              "(MutexLock::)?~MutexLock.*",
              "(SpinLock::)?Unlock.*",
              "(SpinLock::)?SlowUnlock.*",
              "(SpinLockHolder::)?~SpinLockHolder.*"),
          "");

  private static final FrameRules OF_OTHERS =
      new FrameRules(
          String.join(
              "|",
              "ProfileData::Add",
              "ProfileData::prof_handler",
              "CpuProfiler::prof_handler",
              "__pthread_sighandler",
              "__restore"),
          "");

  /** Returns the rules for a profile with these sample types. */
  static FrameRules of(List<String> sampleTypes) {
    if (HEAP.contains(sampleTypes)) {
      return OF_HEAP;
    }
    return sampleTypes.equals(CONTENTION) ? OF_CONTENTION : OF_OTHERS;
  }
}
