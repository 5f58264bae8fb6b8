package dev.psc.jvm.internal.recording;

import dev.psc.jvm.profile.JvmProfile;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The recorder and the process of a chunk.
 *
 * @param ofTheJdk whether the JDK's flight recorder wrote it
 * @param vendorProfiles the profiles whose samples are not the JDK's
 * @param process the process that it states, if it does
 */
record ChunkOrigin(
    boolean ofTheJdk, Set<JvmProfile> vendorProfiles, @Nullable RecordedProcess process) {

  /** An event that every JDK describes and no other profiler does. */
  static final String OF_THE_JDK = "jdk.ThreadStart";
}
