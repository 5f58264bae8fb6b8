package dev.psc.scrape.kubernetes;

/** JSON of objects as the API sends them. */
final class Objects {

  static final String PODS = "/api/v1/namespaces/shop/pods";
  static final String SERVICES = "/api/v1/namespaces/shop/services";
  static final String ENDPOINTS = "/api/v1/namespaces/shop/endpoints";
  static final String SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
  static final String INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses";
  static final String NODES = "/api/v1/nodes";
  static final String NAMESPACES = "/api/v1/namespaces";

  private Objects() {}

  static String pod(String name, String ip) {
    return pod(name, ip, "Running", 6060);
  }

  static String pod(String name, String ip, String phase, int port) {
    return """
        {"kind": "Pod", "apiVersion": "v1",
         "metadata": {"name": "%s", "namespace": "shop", "uid": "uid-%s",
           "labels": {"app": "web"}, "managedFields": [{"manager": "kubectl"}]},
         "spec": {"nodeName": "node-1", "containers": [
           {"name": "main", "image": "web:1", "ports": [
             {"name": "pprof", "containerPort": %d, "protocol": "TCP"}]}]},
         "status": {"phase": "%s", "podIP": "%s", "hostIP": "192.0.2.1",
           "conditions": [{"type": "Ready", "status": "True"}],
           "containerStatuses": [{"name": "main", "containerID": "containerd://1"}]}}
        """
        .formatted(name, name, port, phase, ip);
  }

  static String service(String name) {
    return """
        {"kind": "Service", "apiVersion": "v1",
         "metadata": {"name": "%s", "namespace": "shop", "labels": {"team": "a"},
           "annotations": {"note": "hello"}},
         "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [
           {"name": "http", "port": 8080, "protocol": "TCP"}]}}
        """
        .formatted(name);
  }

  static String endpoints(String name, String... ips) {
    StringBuilder addresses = new StringBuilder();
    for (String ip : ips) {
      addresses
          .append(addresses.isEmpty() ? "" : ",")
          .append("{\"ip\": \"")
          .append(ip)
          .append("\"}");
    }
    return """
        {"kind": "Endpoints", "apiVersion": "v1",
         "metadata": {"name": "%s", "namespace": "shop"},
         "subsets": [{"addresses": [%s], "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}]}
        """
        .formatted(name, addresses);
  }

  static String slice(String name, String service, int from, int count) {
    StringBuilder endpoints = new StringBuilder();
    for (int i = from; i < from + count; i++) {
      endpoints
          .append(endpoints.isEmpty() ? "" : ",")
          .append("{\"addresses\": [\"10.1.")
          .append(i / 250)
          .append('.')
          .append(i % 250 + 1)
          .append("\"], \"conditions\": {\"ready\": true}}");
    }
    return """
        {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "addressType": "IPv4",
         "metadata": {"name": "%s", "namespace": "shop",
           "labels": {"kubernetes.io/service-name": "%s"}},
         "endpoints": [%s],
         "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}
        """
        .formatted(name, service, endpoints);
  }

  static String namespace(String name, String team) {
    return """
        {"kind": "Namespace", "apiVersion": "v1",
         "metadata": {"name": "%s", "labels": {"team": "%s"}}}
        """
        .formatted(name, team);
  }

  static String node(String name, String zone) {
    return """
        {"kind": "Node", "apiVersion": "v1",
         "metadata": {"name": "%s", "labels": {"topology.kubernetes.io/zone": "%s"}},
         "spec": {"providerID": "kind://%s"},
         "status": {"addresses": [
             {"type": "Hostname", "address": "%s"}, {"type": "InternalIP", "address": "192.0.2.1"}],
           "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}}
        """
        .formatted(name, zone, name, name);
  }
}
