package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * The POM that applications import. It has no parent, so that its own text is its effective
 * content, in a release as after an installation from a checkout.
 */
class BomTest {

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  private Element pom(String path) throws Exception {
    try (InputStream in = Files.newInputStream(root.resolve(path))) {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(in)
          .getDocumentElement();
    }
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private static Optional<Element> child(Element parent, String name) {
    return children(parent, name).stream().findFirst();
  }

  private static String text(Element parent, String name) {
    return child(parent, name).map(Element::getTextContent).orElse("");
  }

  @Test
  void bringsNothingOfTheParentIntoAnApplication() throws Exception {
    Element bom = pom("core/bom/pom.xml");
    assertThat(child(bom, "parent")).as("parent").isEmpty();
    assertThat(child(bom, "properties")).as("properties").isEmpty();
    assertThat(child(bom, "dependencies")).as("dependencies").isEmpty();
    assertThat(child(bom, "profiles")).as("profiles").isEmpty();
    assertThat(text(bom, "version")).isEqualTo(text(pom("pom.xml"), "version"));
  }

  @Test
  void managesEveryArtifactForApplicationsAndNoOther() throws Exception {
    TreeSet<String> managed = new TreeSet<>();
    Element management = child(pom("core/bom/pom.xml"), "dependencyManagement").orElseThrow();
    for (Element dependency :
        children(child(management, "dependencies").orElseThrow(), "dependency")) {
      assertThat(text(dependency, "version")).isEqualTo("${project.version}");
      assertThat(text(dependency, "scope")).isEmpty();
      managed.add(text(dependency, "groupId") + ":" + text(dependency, "artifactId"));
    }
    TreeSet<String> published = new TreeSet<>();
    for (Element module : children(child(pom("pom.xml"), "modules").orElseThrow(), "module")) {
      String folder = module.getTextContent();
      String artifact = text(pom(folder + "/pom.xml"), "artifactId");
      if (!folder.startsWith("examples/")
          && !artifact.equals("psc-bom")
          && !artifact.equals("psc-scraper")) {
        published.add("dev.psc:" + artifact);
      }
    }
    assertThat(managed).isEqualTo(published);
  }
}
