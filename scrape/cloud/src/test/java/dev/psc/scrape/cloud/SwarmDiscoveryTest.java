package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.testing.RecordingSink;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SwarmDiscoveryTest extends CloudTest {

  @BeforeEach
  void swarm() {
    json(
        "/networks",
        """
        [{"Id": "net", "Name": "ingress", "Scope": "swarm", "Internal": false, "Ingress": true,
          "Labels": {"stack.name": "mon"}}]
        """);
    json(
        "/nodes",
        """
        [{"ID": "n1",
          "Spec": {"Role": "manager", "Availability": "active", "Labels": {"rack-id": "7"}},
          "Description": {"Hostname": "master", "Platform": {"Architecture": "x86_64", "OS":
            "linux"}, "Engine": {"EngineVersion": "27.1"}},
          "Status": {"State": "ready", "Addr": "10.0.0.1"},
          "ManagerStatus": {"Leader": true, "Reachability": "reachable", "Addr": "10.0.0.1:2377"}},
         {"ID": "n2", "Spec": {"Role": "worker", "Availability": "drain"},
          "Description": {"Hostname": "worker", "Platform": {}},
          "Status": {"State": "down", "Addr": "10.0.0.2"}}]
        """);
    json(
        "/services",
        """
        [{"ID": "s1",
          "Spec": {"Name": "web", "Labels": {"team": "a"}, "Mode": {"Replicated": {"Replicas": 2}},
            "TaskTemplate": {"ContainerSpec": {"Image": "app:1", "Hostname": "h"}}},
          "UpdateStatus": {"State": "completed"},
          "Endpoint": {"Ports": [
              {"Name": "pprof", "Protocol": "tcp", "TargetPort": 1, "PublishedPort": 6060,
               "PublishMode": "ingress"},
              {"Protocol": "udp", "PublishedPort": 53}],
            "VirtualIPs": [{"NetworkID": "net", "Addr": "10.9.0.2/24"}, {"NetworkID": "x"}]}},
         {"ID": "s2", "Spec": {"Name": "agent", "Mode": {"Global": {}}},
          "Endpoint": {"VirtualIPs": [{"NetworkID": "net", "Addr": "10.9.0.3/24"}]}}]
        """);
    json(
        "/tasks",
        """
        [{"ID": "t1", "ServiceID": "s1", "NodeID": "n1", "Slot": 2, "DesiredState": "running",
          "Spec": {"ContainerSpec": {"Labels": {"c.l": "v"}}},
          "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"},
            "PortStatus": {"Ports": [{"Protocol": "tcp", "PublishedPort": 7070, "PublishMode":
              "host"}]}},
          "NetworksAttachments": [{"Network": {"ID": "net"}, "Addresses": ["10.9.0.7/24"]}]},
         {"ID": "t2", "ServiceID": "s2", "NodeID": "n2", "Status": {"State": "new"},
          "NetworksAttachments": [{"Network": {"ID": "net"}, "Addresses": ["10.9.0.8/24"]}]}]
        """);
  }

  private RecordingSink start(String role) {
    return start("dockerswarm_sd_configs", quick("host", server.url(""), "role", role));
  }

  @Test
  void makesTheLabelsOfPrometheusForNodes() {
    RecordingSink sink = start("nodes");
    sink.awaitAddresses("10.0.0.1:80", "10.0.0.2:80");
    assertThat(meta(target(sink, "10.0.0.1:80"), "dockerswarm"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.1:80"),
                Map.entry("node_address", "10.0.0.1"),
                Map.entry("node_availability", "active"),
                Map.entry("node_engine_version", "27.1"),
                Map.entry("node_hostname", "master"),
                Map.entry("node_id", "n1"),
                Map.entry("node_label_rack_id", "7"),
                Map.entry("node_manager_address", "10.0.0.1:2377"),
                Map.entry("node_manager_leader", "true"),
                Map.entry("node_manager_reachability", "reachable"),
                Map.entry("node_platform_architecture", "x86_64"),
                Map.entry("node_platform_os", "linux"),
                Map.entry("node_role", "manager"),
                Map.entry("node_status", "ready")));
    assertThat(meta(target(sink, "10.0.0.2:80"), "dockerswarm"))
        .doesNotContainKey("node_manager_leader")
        .containsEntry("node_availability", "drain");
  }

  @Test
  void makesTheLabelsOfPrometheusForServices() {
    RecordingSink sink = start("services");
    sink.awaitAddresses("10.9.0.2:6060", "10.9.0.3:80");
    assertThat(meta(target(sink, "10.9.0.2:6060"), "dockerswarm"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.9.0.2:6060"),
                Map.entry("network_id", "net"),
                Map.entry("network_ingress", "true"),
                Map.entry("network_internal", "false"),
                Map.entry("network_label_stack_name", "mon"),
                Map.entry("network_name", "ingress"),
                Map.entry("network_scope", "swarm"),
                Map.entry("service_endpoint_port_name", "pprof"),
                Map.entry("service_endpoint_port_publish_mode", "ingress"),
                Map.entry("service_id", "s1"),
                Map.entry("service_label_team", "a"),
                Map.entry("service_mode", "replicated"),
                Map.entry("service_name", "web"),
                Map.entry("service_task_container_hostname", "h"),
                Map.entry("service_task_container_image", "app:1"),
                Map.entry("service_updating_status", "completed")));
    assertThat(meta(target(sink, "10.9.0.3:80"), "dockerswarm"))
        .containsEntry("service_mode", "global");
  }

  @Test
  void makesTheLabelsOfPrometheusForTasks() {
    RecordingSink sink = start("tasks");
    sink.awaitAddresses("10.0.0.1:7070", "10.9.0.7:6060", "10.9.0.8:80");
    assertThat(meta(target(sink, "10.0.0.1:7070"), "dockerswarm"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.1:7070"),
                Map.entry("container_label_c_l", "v"),
                Map.entry("node_address", "10.0.0.1"),
                Map.entry("node_availability", "active"),
                Map.entry("node_hostname", "master"),
                Map.entry("node_id", "n1"),
                Map.entry("node_label_rack_id", "7"),
                Map.entry("node_platform_architecture", "x86_64"),
                Map.entry("node_platform_os", "linux"),
                Map.entry("node_role", "manager"),
                Map.entry("node_status", "ready"),
                Map.entry("service_id", "s1"),
                Map.entry("service_label_team", "a"),
                Map.entry("service_mode", "replicated"),
                Map.entry("service_name", "web"),
                Map.entry("task_container_id", "c1"),
                Map.entry("task_desired_state", "running"),
                Map.entry("task_id", "t1"),
                Map.entry("task_port_publish_mode", "host"),
                Map.entry("task_slot", "2"),
                Map.entry("task_state", "running")));
    assertThat(meta(target(sink, "10.9.0.7:6060"), "dockerswarm"))
        .containsEntry("network_name", "ingress")
        .containsEntry("task_port_publish_mode", "ingress");
    assertThat(meta(target(sink, "10.9.0.8:80"), "dockerswarm"))
        .containsEntry("task_slot", "0")
        .doesNotContainKey("task_port_publish_mode");
  }

  @Test
  void saysThatTheDaemonIsNoManager() {
    replies.put(
        "/nodes",
        new Reply(503, "application/json", "{\"message\": \"This node is not a swarm manager.\"}"));
    start("nodes").awaitFailure(failure -> failure.contains("This node is not a swarm manager."));
  }
}
