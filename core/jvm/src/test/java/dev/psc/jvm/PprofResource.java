package dev.psc.jvm;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.HashMap;
import java.util.Map;

/** Recipe: profiles in a JAX-RS application. */
@Path("/debug/pprof")
public final class PprofResource {

  private final PprofHandler handler;

  PprofResource(PprofHandler handler) {
    this.handler = handler;
  }

  /** Answers with a profile, or with the index for the empty name. */
  @GET
  @Path("/{name:.*}")
  public Response get(
      @PathParam("name") String name, @Context UriInfo uri, @Context HttpHeaders headers) {
    Map<String, String> query = new HashMap<>();
    uri.getQueryParameters().forEach((key, values) -> query.put(key, values.get(0)));
    Map<String, String> sent = new HashMap<>();
    headers.getRequestHeaders().forEach((key, values) -> sent.put(key, values.get(0)));
    PprofResponse profile = handler.handle(new PprofRequest("GET", name, query, sent));
    Response.ResponseBuilder response = Response.status(profile.status()).entity(profile.body());
    profile.headers().forEach(response::header);
    return response.build();
  }
}
