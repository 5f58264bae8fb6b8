package dev.psc.scrape.cloud.internal;

import java.io.ByteArrayInputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * An XML element without its namespace. DTDs and external entities are not read. A missing child
 * reads as an element without content.
 */
public final class XmlNode {

  /** An element without content. */
  public static final XmlNode ABSENT = new XmlNode("");

  private static final int MAX_DEPTH = 100;

  private final String name;
  private final Map<String, String> attributes = new HashMap<>();
  private final List<XmlNode> children = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  private XmlNode(String name) {
    this.name = name;
  }

  /**
   * Parses one XML document and returns its root.
   *
   * @throws MalformedAnswerException if the bytes are not XML, or have a DTD
   */
  public static XmlNode parse(byte[] bytes) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    try {
      return parse(factory.createXMLStreamReader(new ByteArrayInputStream(bytes)));
    } catch (XMLStreamException e) {
      String message = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
      throw new MalformedAnswerException("not valid XML: " + message);
    }
  }

  private static XmlNode parse(XMLStreamReader in) throws XMLStreamException {
    XmlNode document = new XmlNode("");
    Deque<XmlNode> open = new ArrayDeque<>();
    open.push(document);
    while (in.hasNext()) {
      switch (in.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          XmlNode node = new XmlNode(in.getLocalName());
          for (int i = 0; i < in.getAttributeCount(); i++) {
            node.attributes.put(in.getAttributeLocalName(i), in.getAttributeValue(i));
          }
          open.element().children.add(node);
          open.push(node);
          if (open.size() > MAX_DEPTH) {
            throw new MalformedAnswerException("XML is nested deeper than " + MAX_DEPTH);
          }
        }
        case XMLStreamConstants.END_ELEMENT -> open.pop();
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA ->
            open.element().text.append(in.getText());
        case XMLStreamConstants.DTD ->
            throw new MalformedAnswerException("XML with a DTD is not read");
        default -> {
          // Comments and instructions have no meaning here.
        }
      }
    }
    return document.children.get(0);
  }

  /** Returns the name without its namespace. */
  public String name() {
    return name;
  }

  /** Returns the value of an attribute, or the empty text. */
  public String attribute(String attribute) {
    return attributes.getOrDefault(attribute, "");
  }

  /** Returns the first child of a name, if there is one. */
  public Optional<XmlNode> find(String child) {
    return children.stream().filter(node -> node.name.equals(child)).findFirst();
  }

  /** Returns the first child of a name; without one, an element without content. */
  public XmlNode child(String child) {
    return find(child).orElse(ABSENT);
  }

  /** Returns the children of a name. */
  public List<XmlNode> children(String child) {
    return children.stream().filter(node -> node.name.equals(child)).toList();
  }

  /** Returns all children. */
  public List<XmlNode> children() {
    return List.copyOf(children);
  }

  /** Returns the text of this element without that of its children, stripped. */
  public String text() {
    return text.toString().strip();
  }

  /** Returns the text of the first child of a name, or the empty text. */
  public String text(String child) {
    return child(child).text();
  }
}
