package dev.psc.scrape.cloud.internal.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The signatures that AWS publishes with its test suite for version 4. */
class SigV4Test {

  private static final Instant TIME = Instant.parse("2015-08-30T12:36:00Z");
  private static final AwsCredentials KEY =
      AwsCredentials.of("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "");

  private static String signature(String target, Map<String, String> headers) {
    return new SigV4(KEY, "us-east-1", "service")
        .authorization(URI.create("https://example.amazonaws.com" + target), TIME, headers);
  }

  @ParameterizedTest
  @CsvSource({
    // get-vanilla
    "/, 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    // get-vanilla-empty-query-key
    "/?Param1=value1, a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    // get-vanilla-query-order-key-case
    "/?Param2=value2&Param1=value1,"
        + " b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    // get-vanilla-query-unreserved
    "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz="
        + "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz,"
        + " 9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    // get-vanilla-utf8-query
    "/?%E1%88%B4=bar, 2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  })
  void signsAsPublished(String target, String signature) {
    assertThat(signature(target, Map.of()))
        .isEqualTo(
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
                + " SignedHeaders=host;x-amz-date, Signature="
                + signature);
  }

  /** From get-header-value-trim. */
  @Test
  void signsFurtherHeadersWithoutSpacesAround() {
    assertThat(signature("/", Map.of("My-Header1", " value1", "My-Header2", " \"a   b   c\"")))
        .isEqualTo(
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
                + " SignedHeaders=host;my-header1;my-header2;x-amz-date,"
                + " Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  }

  @Test
  void ordersEqualNamesByTheirValues() {
    assertThat(signature("/?a=2&a=1&a-b=0", Map.of()))
        .isEqualTo(signature("/?a-b=0&a=1&a=2", Map.of()));
  }

  @Test
  void signsThePortOnlyWhereTheHostHeaderHasIt() {
    SigV4 signer = new SigV4(KEY, "us-east-1", "service");
    String standard = signer.authorization(URI.create("https://h/"), TIME, Map.of());
    assertThat(signer.authorization(URI.create("https://h:443/"), TIME, Map.of()))
        .isEqualTo(standard);
    assertThat(signer.authorization(URI.create("https://h:8443/"), TIME, Map.of()))
        .isNotEqualTo(standard);
  }
}
