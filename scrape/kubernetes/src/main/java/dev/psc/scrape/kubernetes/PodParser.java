package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import dev.psc.scrape.kubernetes.KubeObject.Container;
import dev.psc.scrape.kubernetes.KubeObject.ContainerPort;
import dev.psc.scrape.kubernetes.KubeObject.Pod;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A parser of pods; a part of {@link ObjectParser}. */
final class PodParser {

  private final MetaReader meta;

  PodParser(MetaReader meta) {
    this.meta = meta;
  }

  private static final class PodBuilder {
    String ip = "";
    String hostIp = "";
    String phase = "";
    String ready = "unknown";
    String nodeName = "";
    final List<Container> containers = new ArrayList<>();
    final List<Container> initContainers = new ArrayList<>();
    final Map<String, String> ids = new HashMap<>();
    final Map<String, String> initIds = new HashMap<>();
  }

  Pod pod(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    PodBuilder pod = new PodBuilder();
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "spec" -> podSpec(in, pod);
            case "status" -> podStatus(in, pod);
            default -> {
              return meta.field(field, in, built);
            }
          }
          return true;
        });
    List<Container> containers = new ArrayList<>();
    addWithIds(pod.containers, pod.ids, containers);
    addWithIds(pod.initContainers, pod.initIds, containers);
    return new Pod(
        built.build(),
        pod.ip,
        pod.hostIp,
        pod.phase,
        pod.ready,
        pod.nodeName,
        List.copyOf(containers));
  }

  private static void addWithIds(
      List<Container> from, Map<String, String> ids, List<Container> to) {
    for (Container c : from) {
      to.add(
          new Container(c.name(), c.image(), ids.getOrDefault(c.name(), ""), c.init(), c.ports()));
    }
  }

  private void podSpec(JsonReader in, PodBuilder pod) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "nodeName" -> pod.nodeName = meta.text(in);
            case "containers" ->
                pod.containers.addAll(ObjectReader.list(in, reader -> container(reader, false)));
            case "initContainers" ->
                pod.initContainers.addAll(ObjectReader.list(in, reader -> container(reader, true)));
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private Container container(JsonReader in, boolean init) throws IOException {
    String[] texts = {"", ""};
    List<ContainerPort> ports = new ArrayList<>();
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = meta.text(in);
            case "image" -> texts[1] = meta.text(in);
            case "ports" -> ports.addAll(ObjectReader.list(in, this::containerPort));
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Container(texts[0], texts[1], "", init, List.copyOf(ports));
  }

  private ContainerPort containerPort(JsonReader in) throws IOException {
    String[] texts = {"", "TCP"};
    int[] number = {0};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = meta.text(in);
            case "containerPort" -> number[0] = in.nextInt();
            case "protocol" -> texts[1] = meta.text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    return new ContainerPort(texts[0], number[0], texts[1]);
  }

  private void podStatus(JsonReader in, PodBuilder pod) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "podIP" -> pod.ip = in.nextString();
            case "hostIP" -> pod.hostIp = meta.text(in);
            case "phase" -> pod.phase = meta.text(in);
            case "conditions" -> ObjectReader.list(in, reader -> condition(reader, pod));
            case "containerStatuses" ->
                ObjectReader.list(in, reader -> containerId(reader, pod.ids));
            case "initContainerStatuses" ->
                ObjectReader.list(in, reader -> containerId(reader, pod.initIds));
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private String condition(JsonReader in, PodBuilder pod) throws IOException {
    String[] texts = meta.condition(in);
    if (texts[0].equals("Ready")) {
      pod.ready = meta.interner().intern(texts[1].toLowerCase(Locale.ROOT));
    }
    return texts[0];
  }

  private String containerId(JsonReader in, Map<String, String> ids) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = meta.text(in);
            case "containerID" -> texts[1] = in.nextString();
            default -> {
              return false;
            }
          }
          return true;
        });
    ids.put(texts[0], texts[1]);
    return texts[0];
  }
}
