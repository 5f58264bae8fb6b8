package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Compares the page of public types with the code. */
class PublicApiTest {

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  @Test
  void listsEveryPublicTypeWithItsFirstSentence() throws Exception {
    assertThat(Files.readString(root.resolve("core/API.md")))
        .as(
            "core/API.md is out of date: java scrape/app/src/test/java/dev/psc/scraper/ApiPage.java")
        .isEqualTo(ApiPage.text(root));
  }

  @Test
  void everyPublicTypeHasASentence() throws Exception {
    assertThat(ApiPage.text(root)).doesNotContainPattern("(?m)`: *$");
  }
}
