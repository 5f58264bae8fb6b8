package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import dev.psc.auth.iam.IamData.Account;
import dev.psc.auth.iam.IamData.Org;
import dev.psc.auth.iam.IamData.OwnProject;
import dev.psc.auth.iam.IamData.StoredToken;
import dev.psc.net.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The JSON format of the access model. */
final class IamJson {

  private static final long VERSION = 1;

  private IamJson() {}

  static String write(IamData data) {
    List<Object> organizations = new ArrayList<>();
    for (Org org : data.organizations.values()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("name", org.name);
      json.put("users", List.copyOf(org.users));
      json.put(
          "projects",
          org.projects.values().stream()
              .map(
                  p ->
                      object(
                          "id", p.project.id().value(),
                          "name", p.project.name(),
                          "tokens", tokens(p.tokens)))
              .toList());
      json.put(
          "serviceAccounts",
          org.accounts.values().stream()
              .map(
                  a ->
                      object(
                          "id", a.account.id(),
                          "name", a.account.name(),
                          "created", a.account.created().toString(),
                          "tokens", tokens(a.tokens)))
              .toList());
      json.put(
          "roles",
          org.roles.values().stream()
              .map(
                  r ->
                      object(
                          "name",
                          r.name(),
                          "permissions",
                          r.permissions().stream().map(Permission::text).sorted().toList()))
              .toList());
      json.put("bindings", org.bindings.values().stream().map(IamJson::binding).toList());
      organizations.add(json);
    }
    return Json.writeIndented(object("version", VERSION, "organizations", organizations));
  }

  private static Map<String, Object> object(Object... namesAndValues) {
    Map<String, Object> json = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      json.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return json;
  }

  private static Map<String, Object> binding(RoleBinding binding) {
    Map<String, Object> json =
        object(
            "id", binding.id(),
            "subjectKind", binding.subject().kind().name().toLowerCase(Locale.ROOT),
            "subject", binding.subject().id(),
            "role", binding.role());
    binding.project().ifPresent(project -> json.put("project", project.value()));
    return json;
  }

  private static List<Object> tokens(Map<String, StoredToken> tokens) {
    List<Object> list = new ArrayList<>();
    for (StoredToken token : tokens.values()) {
      Map<String, Object> json =
          object(
              "id", token.id(),
              "name", token.name(),
              "sha256", token.sha256(),
              "created", token.created().toString());
      if (token.lastUsed() != null) {
        json.put("lastUsed", token.lastUsed().toString());
      }
      list.add(json);
    }
    return list;
  }

  /**
   * Reads the format of {@link #write}.
   *
   * @throws IllegalArgumentException if the text is not in this format
   */
  static IamData read(String text) {
    Node root = new Node("", Json.parse(text));
    Object version = root.map.get("version");
    if (!Long.valueOf(VERSION).equals(version)) {
      throw new IllegalArgumentException("version must be " + VERSION + ", but was " + version);
    }
    root.only("version", "organizations");
    IamData data = new IamData();
    for (Node json : root.list("organizations")) {
      json.only("name", "users", "projects", "serviceAccounts", "roles", "bindings");
      Org org = new Org(json.text("name"));
      org.users.addAll(json.texts("users"));
      for (Node p : json.list("projects")) {
        p.only("id", "name", "tokens");
        OwnProject project =
            new OwnProject(new Project(ProjectId.parse(p.text("id")), p.text("name")));
        readTokens(p, project.tokens);
        org.projects.put(IamData.key(project.project.id()), project);
      }
      for (Node a : json.list("serviceAccounts")) {
        a.only("id", "name", "created", "tokens");
        Account account =
            new Account(new ServiceAccount(a.text("id"), a.text("name"), a.instant("created")));
        readTokens(a, account.tokens);
        org.accounts.put(account.account.id(), account);
      }
      for (Node r : json.list("roles")) {
        r.only("name", "permissions");
        List<Permission> permissions = new ArrayList<>();
        for (String name : r.texts("permissions")) {
          permissions.add(
              Permission.of(name)
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              r.path + ".permissions has the unknown permission " + name)));
        }
        org.roles.put(r.text("name"), Role.custom(r.text("name"), permissions));
      }
      for (Node b : json.list("bindings")) {
        RoleBinding binding = readBinding(b);
        org.bindings.put(binding.id(), binding);
      }
      data.organizations.put(org.name, org);
    }
    return data;
  }

  private static RoleBinding readBinding(Node json) {
    json.only("id", "subjectKind", "subject", "role", "project");
    Subject.Kind kind = Subject.Kind.valueOf(json.text("subjectKind").toUpperCase(Locale.ROOT));
    Optional<ProjectId> project =
        json.map.get("project") == null
            ? Optional.empty()
            : Optional.of(ProjectId.parse(json.text("project")));
    return new RoleBinding(
        json.text("id"), new Subject(kind, json.text("subject")), json.text("role"), project);
  }

  private static void readTokens(Node json, Map<String, StoredToken> into) {
    for (Node t : json.list("tokens")) {
      t.only("id", "name", "sha256", "created", "lastUsed");
      String sha256 = t.text("sha256");
      if (!sha256.matches("[0-9a-f]{64}")) {
        throw new IllegalArgumentException(t.path + ".sha256 is not 64 hex digits");
      }
      into.put(
          t.text("id"),
          new StoredToken(
              t.text("id"),
              t.text("name"),
              sha256,
              t.instant("created"),
              t.map.get("lastUsed") == null ? null : t.instant("lastUsed")));
    }
  }

  /** An object with its path, for error messages. */
  private static final class Node {

    final String path;
    final Map<?, ?> map;

    Node(String path, @Nullable Object value) {
      if (!(value instanceof Map<?, ?> object)) {
        throw new IllegalArgumentException(
            (path.isEmpty() ? "the file" : path) + " is not an object");
      }
      this.path = path;
      this.map = object;
    }

    /** Rejects keys other than these: an ignored restriction would widen access. */
    void only(String... names) {
      for (Object key : map.keySet()) {
        if (!List.of(names).contains(key)) {
          throw new IllegalArgumentException(
              (path.isEmpty() ? "the file" : path)
                  + " has the unknown key "
                  + key
                  + "; known keys: "
                  + String.join(", ", names));
        }
      }
    }

    String text(String name) {
      if (map.get(name) instanceof String text) {
        return text;
      }
      throw new IllegalArgumentException(path + "." + name + " is missing or not a string");
    }

    Instant instant(String name) {
      try {
        return Instant.parse(text(name));
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(path + "." + name + " is not a time", e);
      }
    }

    List<String> texts(String name) {
      List<String> texts = new ArrayList<>();
      for (Object element : elements(name)) {
        if (!(element instanceof String text)) {
          throw new IllegalArgumentException(
              path + "." + name + " has an element that is not a string");
        }
        texts.add(text);
      }
      return texts;
    }

    List<Node> list(String name) {
      List<Node> nodes = new ArrayList<>();
      for (Object element : elements(name)) {
        nodes.add(new Node(path + "." + name + "[" + nodes.size() + "]", element));
      }
      return nodes;
    }

    private List<?> elements(String name) {
      if (map.get(name) instanceof List<?> list) {
        return list;
      }
      throw new IllegalArgumentException(path + "." + name + " is missing or not an array");
    }
  }
}
