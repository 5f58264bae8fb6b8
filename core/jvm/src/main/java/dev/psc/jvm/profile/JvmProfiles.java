package dev.psc.jvm.profile;

import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/**
 * An immutable set of profiles, derived from another by {@link #plus} and {@link #minus}. For
 * example:
 *
 * <pre>{@code
 * builder.profiles(JvmProfile.defaults().plus(JvmProfile.WALL));
 * }</pre>
 */
public final class JvmProfiles extends AbstractSet<JvmProfile> {

  private final Set<JvmProfile> profiles;

  private JvmProfiles(EnumSet<JvmProfile> profiles) {
    this.profiles = Collections.unmodifiableSet(profiles);
  }

  /** Returns the set of some profiles. */
  public static JvmProfiles of(JvmProfile... profiles) {
    return copyOf(Arrays.asList(profiles));
  }

  /** Returns the set of the profiles of a collection. */
  public static JvmProfiles copyOf(Collection<JvmProfile> profiles) {
    EnumSet<JvmProfile> copy = EnumSet.noneOf(JvmProfile.class);
    copy.addAll(profiles);
    return new JvmProfiles(copy);
  }

  /** Returns these profiles and more. */
  public JvmProfiles plus(JvmProfile... more) {
    EnumSet<JvmProfile> all = copy();
    all.addAll(List.of(more));
    return new JvmProfiles(all);
  }

  /** Returns these profiles without some of them. */
  public JvmProfiles minus(JvmProfile... fewer) {
    EnumSet<JvmProfile> rest = copy();
    rest.removeAll(List.of(fewer));
    return new JvmProfiles(rest);
  }

  private EnumSet<JvmProfile> copy() {
    EnumSet<JvmProfile> copy = EnumSet.noneOf(JvmProfile.class);
    copy.addAll(profiles);
    return copy;
  }

  @Override
  public boolean contains(Object profile) {
    return profiles.contains(profile);
  }

  @Override
  public Iterator<JvmProfile> iterator() {
    return profiles.iterator();
  }

  @Override
  public int size() {
    return profiles.size();
  }
}
