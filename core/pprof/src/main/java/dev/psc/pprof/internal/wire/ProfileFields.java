package dev.psc.pprof.internal.wire;

/** Field numbers of {@code perftools.profiles.Profile} and the messages in it. */
public final class ProfileFields {

  public static final int SAMPLE_TYPE = 1;
  public static final int SAMPLE = 2;
  public static final int MAPPING = 3;
  public static final int LOCATION = 4;
  public static final int FUNCTION = 5;
  public static final int STRING = 6;
  public static final int DROP_FRAMES = 7;
  public static final int KEEP_FRAMES = 8;
  public static final int TIME_NANOS = 9;
  public static final int DURATION_NANOS = 10;
  public static final int PERIOD_TYPE = 11;
  public static final int PERIOD = 12;
  public static final int COMMENT = 13;
  public static final int DEFAULT_SAMPLE_TYPE = 14;
  public static final int DOC_URL = 15;

  public static final int VALUE_TYPE_TYPE = 1;
  public static final int VALUE_TYPE_UNIT = 2;

  public static final int SAMPLE_LOCATION_ID = 1;
  public static final int SAMPLE_VALUE = 2;
  public static final int SAMPLE_LABEL = 3;

  public static final int LABEL_KEY = 1;
  public static final int LABEL_STR = 2;
  public static final int LABEL_NUM = 3;
  public static final int LABEL_NUM_UNIT = 4;

  /** The id field of mappings, locations and functions. */
  public static final int ID = 1;

  public static final int MAPPING_START = 2;
  public static final int MAPPING_LIMIT = 3;
  public static final int MAPPING_OFFSET = 4;
  public static final int MAPPING_FILENAME = 5;
  public static final int MAPPING_BUILD_ID = 6;
  public static final int MAPPING_HAS_FUNCTIONS = 7;
  public static final int MAPPING_HAS_FILENAMES = 8;
  public static final int MAPPING_HAS_LINE_NUMBERS = 9;
  public static final int MAPPING_HAS_INLINE_FRAMES = 10;

  public static final int LOCATION_MAPPING_ID = 2;
  public static final int LOCATION_ADDRESS = 3;
  public static final int LOCATION_LINE = 4;
  public static final int LOCATION_IS_FOLDED = 5;

  public static final int LINE_FUNCTION_ID = 1;
  public static final int LINE_LINE = 2;
  public static final int LINE_COLUMN = 3;

  public static final int FUNCTION_NAME = 2;
  public static final int FUNCTION_SYSTEM_NAME = 3;
  public static final int FUNCTION_FILENAME = 4;
  public static final int FUNCTION_START_LINE = 5;

  private ProfileFields() {}
}
